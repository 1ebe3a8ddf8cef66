package main

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"switchyard.dev/shop/catalogue"
)

// checks counts answers of peers that contradict what this service knows itself. Such an answer
// is passed on all the same: what it tells is for whoever watches a release, and an answer that
// is wrong now and then looks like any other in status codes and latency.
type checks struct {
	answers        *prometheus.CounterVec
	contradictions *prometheus.CounterVec
}

func newChecks(registry *prometheus.Registry) *checks {
	c := &checks{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shop_peer_answers_total", Help: "Answers of peers that were checked, by peer.",
		}, []string{"peer"}),
		contradictions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shop_peer_contradictions_total", Help: "Answers of peers that contradict the catalogue or themselves.",
		}, []string{"peer"}),
	}
	registry.MustRegister(c.answers, c.contradictions)
	for _, peer := range []string{"orders", "recommender"} { // zero is an answer too: it shows that somebody counts
		c.count(peer, true, 0)
	}
	return c
}

func (c *checks) count(peer string, right bool, answers float64) {
	c.answers.WithLabelValues(peer).Add(answers)
	contradiction := c.contradictions.WithLabelValues(peer)
	if !right {
		contradiction.Add(answers)
	}
}

// order checks that an order costs what its bottles cost, less its discount.
func (c *checks) order(order catalogue.Order) {
	wine, known := catalogue.Find(order.Wine)
	price := wine.PriceCents * int64(order.Quantity)
	if order.DiscountCents != nil {
		price -= *order.DiscountCents
	}
	c.count("orders", known && order.TotalCents == price, 1)
}

// similar checks that recommendations come nearest first, as the recommender promises.
func (c *checks) similar(similar catalogue.Similar) {
	c.count("recommender", slices.IsSortedFunc(similar.Similar, func(a, b catalogue.Neighbour) int {
		switch {
		case a.Distance < b.Distance:
			return -1
		case a.Distance > b.Distance:
			return 1
		}
		return 0
	}), 1)
}

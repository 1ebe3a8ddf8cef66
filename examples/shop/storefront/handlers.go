package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/fault"
	"switchyard.dev/shop/internal/peer"
	"switchyard.dev/shop/internal/serving"
)

// storefront answers customers, asking orders and recommender of its own colour.
type storefront struct {
	router      *serving.Router
	fault       *fault.Fault
	orders      *peer.Peer
	recommender *peer.Peer
	checks      *checks
	home        []byte
	listing     []byte
}

func newStorefront(parts serving.Parts, orders, recommender *peer.Peer) (*storefront, error) {
	stamp, rules := parts.Router.Stamp, parts.Release.Rules
	home, errHome := catalogue.HomePage(stamp, rules)
	listing, errListing := catalogue.ListingPage(stamp, rules)
	return &storefront{
		router: parts.Router, fault: parts.Fault, orders: orders, recommender: recommender,
		checks: newChecks(parts.Router.Registry()), home: home, listing: listing,
	}, errors.Join(errHome, errListing)
}

func (s *storefront) register() {
	s.router.Handle("GET /{$}", "home", s.front)
	s.router.Handle("GET /api/catalogue", "catalogue", s.catalogue)
	s.router.Handle("GET /api/wines/{id}", "wine", s.wine)
	s.router.Handle("POST /api/orders", "order", s.order)
}

// warm asks both peers once: a colour that cannot sell anything must not become ready.
func (s *storefront) warm(ctx context.Context) error {
	return errors.Join(s.recommender.Ready(ctx), s.orders.Ready(ctx))
}

var htmlType = []string{"text/html; charset=utf-8"}

// front answers GET /.
func (s *storefront) front(w http.ResponseWriter, _ *http.Request) {
	w.Header()["Content-Type"] = htmlType
	_, _ = w.Write(s.home)
}

// catalogue answers GET /api/catalogue.
func (s *storefront) catalogue(w http.ResponseWriter, _ *http.Request) {
	serving.WriteJSON(w, http.StatusOK, s.listing)
}

// wine answers GET /api/wines/{id} with what recommender and orders know of the wine.
func (s *storefront) wine(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	wine, known := catalogue.Find(id)
	if err != nil || !known {
		s.router.Fail(w, http.StatusNotFound, fmt.Sprintf(
			"there is no wine %q; ids are 1 to %d", r.PathValue("id"), len(catalogue.Wines())))
		return
	}
	similar, count, err := s.ask(r.Context(), id)
	if err != nil {
		s.badGateway(w, r, err)
		return
	}
	wine.PriceCents = s.fault.Price(wine.PriceCents)
	s.router.Answer(w, http.StatusOK, catalogue.Detail{
		Stamp:    s.router.Stamp,
		Colours:  []string{s.router.Stamp.Colour, similar.Colour, count.Colour},
		Versions: []string{s.router.Stamp.Version, similar.Version, count.Version},
		Wine:     wine, Similar: recommended(similar.Similar), Ordered: count.Count,
	})
}

// ask asks recommender and orders at the same time.
func (s *storefront) ask(ctx context.Context, id int) (similar catalogue.Similar, count catalogue.Count, err error) {
	counted := make(chan error, 1)
	go func() {
		counted <- get(ctx, s.orders, "/orders/count?wine="+strconv.Itoa(id), &count)
	}()
	err = get(ctx, s.recommender, "/similar/"+strconv.Itoa(id), &similar)
	if err == nil {
		s.checks.similar(similar)
	}
	err = errors.Join(err, <-counted)
	return similar, count, err
}

func get(ctx context.Context, from *peer.Peer, path string, answer any) error {
	reply, err := from.Do(ctx, peer.Call{Method: http.MethodGet, Path: path})
	if err != nil {
		return err
	}
	return reply.Decode(answer, http.StatusOK)
}

func recommended(neighbours []catalogue.Neighbour) []catalogue.Recommended {
	list := make([]catalogue.Recommended, 0, len(neighbours))
	for _, neighbour := range neighbours {
		if wine, known := catalogue.Find(neighbour.ID); known {
			list = append(list, catalogue.Recommended{Neighbour: neighbour, Name: wine.Name, PriceCents: wine.PriceCents})
		}
	}
	return list
}

// badGateway answers for a peer that failed twice. A customer who left is not a failure.
func (s *storefront) badGateway(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		slog.Warn("a peer failed", "error", err)
	}
	s.router.Fail(w, http.StatusBadGateway, "a service behind the storefront did not answer; try again")
}

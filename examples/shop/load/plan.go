package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"switchyard.dev/shop/catalogue"
)

// asked is what one request asked for, as far as its answer depends on it.
type asked struct {
	kind     kind
	wine     int
	quantity int
	// order is the confirmed order that is read back.
	order confirmed
	// floor is how many orders of the wine the answer must show at least.
	floor int64
}

// plan makes the requests. Request n is a function of seed and n alone, except that which
// order is read back depends on which were confirmed by then.
type plan struct {
	target     string
	seed       uint64
	run        string
	shop       http.Header
	ordersHost http.Header
	ledger     *ledger
	next       atomic.Uint64
	pending    sync.Map // of uint64 to asked, until the answer is checked
}

// newPlan makes a plan; run tells this run's Idempotency-Keys from those of every other run,
// for an order of an earlier run must not answer for one of this.
func newPlan(options options, ledger *ledger, run string) *plan {
	return &plan{
		target: options.target, seed: options.seed, run: run, ledger: ledger,
		shop:       http.Header{"Host": {options.shopHost}},
		ordersHost: http.Header{"Host": {options.ordersHost}},
	}
}

// target is vegeta's Targeter: it fills in the next request. The number of the request rides
// in the URL's fragment, which is never sent, so that its result can be told.
func (p *plan) fill(target *vegeta.Target) error {
	n := p.next.Add(1) - 1
	ask := p.draw(n)
	p.pending.Store(n, ask)
	target.Method, target.Header = http.MethodGet, p.shop
	path := ""
	switch ask.kind {
	case kindHome:
		path = "/"
	case kindCatalogue:
		path = "/api/catalogue"
	case kindWine:
		path = "/api/wines/" + strconv.Itoa(ask.wine)
	case kindOrder:
		path = "/api/orders"
		p.fillOrder(target, n, ask)
	case kindReadBack:
		path = "/orders/" + strconv.FormatInt(ask.order.id, 10)
		target.Header = p.ordersHost
	default:
		path = "/orders/count?wine=" + strconv.Itoa(ask.wine)
		target.Header = p.ordersHost
	}
	target.URL = p.target + path + "#" + strconv.FormatUint(n, 10)
	return nil
}

func (p *plan) fillOrder(target *vegeta.Target, n uint64, ask asked) {
	target.Method = http.MethodPost
	target.Body = fmt.Appendf(nil, `{"wine":%d,"quantity":%d}`, ask.wine, ask.quantity)
	target.Header = http.Header{
		"Host":            p.shop["Host"],
		"Content-Type":    {"application/json"},
		"Idempotency-Key": {p.run + "-" + strconv.FormatUint(n, 10)},
	}
}

// maxDrawnQuantity spans orders with and without v2's discount.
const maxDrawnQuantity = 12

// draw decides what request n asks for.
func (p *plan) draw(n uint64) asked {
	random := rand.New(rand.NewPCG(p.seed, n))
	ask := asked{
		kind:     drawKind(random),
		wine:     1 + random.IntN(len(catalogue.Wines())),
		quantity: 1 + random.IntN(maxDrawnQuantity),
	}
	if ask.kind == kindReadBack {
		order, known := p.ledger.draw(random)
		if known {
			ask.order = order
		} else {
			ask.kind = kindCount
		}
	}
	if ask.kind == kindWine || ask.kind == kindCount {
		ask.floor = p.ledger.floor(ask.wine)
	}
	return ask
}

// take gives back what the request with this result asked for.
func (p *plan) take(result *vegeta.Result) (uint64, asked, error) {
	n, err := numberOf(result.URL)
	if err != nil {
		return 0, asked{}, err
	}
	ask, known := p.pending.LoadAndDelete(n)
	if !known {
		return 0, asked{}, fmt.Errorf("request %d has two results", n)
	}
	return n, ask.(asked), nil
}

func numberOf(address string) (uint64, error) {
	_, fragment, found := strings.Cut(address, "#")
	if !found {
		return 0, &url.Error{Op: "number", URL: address, Err: fmt.Errorf("no fragment")}
	}
	return strconv.ParseUint(fragment, 10, 64)
}

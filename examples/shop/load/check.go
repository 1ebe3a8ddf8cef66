package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/recommender/taste"
)

// verdict is what became of one request.
type verdict uint8

const (
	// right: answered as the catalogue says.
	right verdict = iota
	// failed: no answer, or one that is not 2xx.
	failed
	// wrong: a 2xx answer with other contents than the catalogue says.
	wrong
)

var verdictNames = []string{"ok", "failed", "wrong"}

func (v verdict) String() string { return verdictNames[v] }

// outcome is a verdict with who answered and, unless right, why.
type outcome struct {
	verdict         verdict
	colour, version string
	reason          string
}

// checker knows the right answers: it computes them from catalogue and model, as the
// services do, but from its own copy.
type checker struct {
	tastes *taste.Map
	ledger *ledger
	pages  map[pageKey][]byte
}

type pageKey struct {
	kind  kind
	stamp catalogue.Stamp
}

func newChecker(tastes *taste.Map, ledger *ledger) *checker {
	return &checker{tastes: tastes, ledger: ledger, pages: map[pageKey][]byte{}}
}

// check judges one result.
func (c *checker) check(ask asked, result *vegeta.Result) outcome {
	stamp := catalogue.Stamp{
		Version: result.Headers.Get("X-Shop-Version"), Colour: result.Headers.Get("X-Shop-Colour"),
	}
	judged := outcome{colour: stamp.Colour, version: stamp.Version}
	if reason := failure(ask, result); reason != "" {
		judged.verdict, judged.reason = failed, reason
		return judged
	}
	if err := c.contents(ask, result, stamp); err != nil {
		judged.verdict, judged.reason = wrong, ask.kind.String()+": "+err.Error()
	}
	return judged
}

func failure(ask asked, result *vegeta.Result) string {
	switch {
	case result.Code == 0:
		return result.Error
	case result.Code == http.StatusOK && result.Error == "",
		result.Code == http.StatusCreated && result.Error == "" && ask.kind == kindOrder:
		return ""
	case result.Error != "":
		return fmt.Sprintf("%s: %s", ask.kind, result.Error)
	default:
		return fmt.Sprintf("%s: unexpected status %d", ask.kind, result.Code)
	}
}

func (c *checker) contents(ask asked, result *vegeta.Result, stamp catalogue.Stamp) error {
	if stamp.Colour == "" {
		return fmt.Errorf("the answer does not say which colour gave it")
	}
	if gateway := result.Headers.Get("X-Switchyard-Colour"); gateway != "" && gateway != stamp.Colour {
		return fmt.Errorf("the gateway says %s, the answer says %s", gateway, stamp.Colour)
	}
	rules, known := catalogue.RulesOf(stamp.Version)
	if !known {
		return fmt.Errorf("no such version: %q", stamp.Version)
	}
	switch ask.kind {
	case kindHome, kindCatalogue:
		return c.page(ask.kind, result.Body, stamp, rules)
	case kindWine:
		return c.wine(ask, result.Body, stamp)
	case kindOrder:
		return c.placed(ask, result.Body, stamp)
	case kindReadBack:
		return c.readBack(ask, result.Body, stamp)
	default:
		return c.count(ask, result.Body, stamp)
	}
}

// page compares a page byte by byte with the one that version and colour must give.
func (c *checker) page(kind kind, body []byte, stamp catalogue.Stamp, rules catalogue.Rules) error {
	key := pageKey{kind, stamp}
	expected, cached := c.pages[key]
	if !cached {
		render := catalogue.ListingPage
		if kind == kindHome {
			render = catalogue.HomePage
		}
		var err error
		if expected, err = render(stamp, rules); err != nil {
			return err
		}
		c.pages[key] = expected
	}
	if !bytes.Equal(body, expected) {
		return fmt.Errorf("the page is not the one %s has (%d bytes, expected %d)", stamp.Version, len(body), len(expected))
	}
	return nil
}

func (c *checker) wine(ask asked, body []byte, stamp catalogue.Stamp) error {
	var answer catalogue.Detail
	if err := decode(body, &answer); err != nil {
		return err
	}
	if err := oneColour(stamp, answer.Stamp, answer.Colours, answer.Versions, 3); err != nil {
		return err
	}
	if expected, _ := catalogue.Find(ask.wine); answer.Wine != expected {
		return fmt.Errorf("wine %d is given as %+v, expected %+v", ask.wine, answer.Wine, expected)
	}
	if err := c.similar(ask.wine, answer); err != nil {
		return err
	}
	return c.notFewer(ask, answer.Ordered)
}

// similar compares the recommendations with those of the recommender's version.
func (c *checker) similar(id int, answer catalogue.Detail) error {
	rules, known := catalogue.RulesOf(answer.Versions[1])
	if !known {
		return fmt.Errorf("no such version of the recommender: %q", answer.Versions[1])
	}
	expected := c.tastes.Similar(id, rules.Similar)
	given := make([]catalogue.Neighbour, len(answer.Similar))
	for at, recommended := range answer.Similar {
		given[at] = recommended.Neighbour
		wine, _ := catalogue.Find(recommended.ID)
		if wine.Name != recommended.Name || wine.PriceCents != recommended.PriceCents {
			return fmt.Errorf("recommended wine %d is shown with another name or price", recommended.ID)
		}
	}
	if !slices.Equal(given, expected) {
		return fmt.Errorf("wines like %d are given as %v, expected %v", id, given, expected)
	}
	return nil
}

// notFewer holds a count against those seen before: orders do not disappear.
func (c *checker) notFewer(ask asked, count int64) error {
	if count < ask.floor {
		return fmt.Errorf("wine %d shows %d orders, though %d were known before", ask.wine, count, ask.floor)
	}
	c.ledger.counted(ask.wine, count)
	return nil
}

func (c *checker) placed(ask asked, body []byte, stamp catalogue.Stamp) error {
	var answer catalogue.PlacedOrder
	if err := decode(body, &answer); err != nil {
		return err
	}
	if err := oneColour(stamp, answer.Stamp, answer.Colours, answer.Versions, 2); err != nil {
		return err
	}
	rules, known := catalogue.RulesOf(answer.Versions[1])
	if !known {
		return fmt.Errorf("no such version of orders: %q", answer.Versions[1])
	}
	wine, _ := catalogue.Find(ask.wine)
	order := confirmed{
		id: answer.ID, wine: ask.wine, quantity: ask.quantity, total: rules.Quote(wine, ask.quantity).Total,
	}
	if err := sameOrder(answer.Order, order); err != nil {
		return err
	}
	c.ledger.confirm(order)
	return nil
}

func (c *checker) readBack(ask asked, body []byte, stamp catalogue.Stamp) error {
	var answer catalogue.Order
	if err := decode(body, &answer); err != nil {
		return err
	}
	if answer.Stamp != stamp {
		return fmt.Errorf("headers say %v, the answer says %v", stamp, answer.Stamp)
	}
	return sameOrder(answer, ask.order)
}

func (c *checker) count(ask asked, body []byte, stamp catalogue.Stamp) error {
	var answer catalogue.Count
	if err := decode(body, &answer); err != nil {
		return err
	}
	if answer.Stamp != stamp || answer.Wine != ask.wine {
		return fmt.Errorf("asked %v for wine %d, answered by %v for wine %d", stamp, ask.wine, answer.Stamp, answer.Wine)
	}
	return c.notFewer(ask, answer.Count)
}

func sameOrder(answer catalogue.Order, expected confirmed) error {
	given := confirmed{id: answer.ID, wine: answer.Wine, quantity: answer.Quantity, total: answer.TotalCents}
	if given != expected || given.id < 1 {
		return fmt.Errorf("the order is given as %+v, expected %+v", given, expected)
	}
	return nil
}

// oneColour checks that all who took part in an answer are of the colour that gave it.
func oneColour(headers, body catalogue.Stamp, colours, versions []string, parts int) error {
	if headers != body {
		return fmt.Errorf("headers say %v, the answer says %v", headers, body)
	}
	if len(colours) != parts || len(versions) != parts {
		return fmt.Errorf("%d services should have taken part: %v %v", parts, colours, versions)
	}
	for _, colour := range colours {
		if colour != headers.Colour {
			return fmt.Errorf("an answer of %s has parts from %v", headers.Colour, colours)
		}
	}
	return nil
}

func decode(body []byte, answer any) error {
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("not readable as JSON: %w", err)
	}
	return nil
}

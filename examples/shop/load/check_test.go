package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/recommender/reference"
	"switchyard.dev/shop/recommender/taste"
)

var green = catalogue.Stamp{Version: "v2", Colour: "green"}

func newTestChecker(t *testing.T) *checker {
	t.Helper()
	tastes, err := taste.Parse(reference.Model)
	if err != nil {
		t.Fatal(err)
	}
	return newChecker(tastes, newLedger())
}

func result(code int, body any) *vegeta.Result {
	text, isText := body.(string)
	if !isText {
		encoded, _ := json.Marshal(body)
		text = string(encoded)
	}
	return &vegeta.Result{Code: uint16(code), Body: []byte(text), Headers: http.Header{
		"X-Shop-Colour": {green.Colour}, "X-Shop-Version": {green.Version},
	}}
}

// rightWine is the right answer for a wine, for a test to spoil.
func rightWine(c *checker, id int) catalogue.Detail {
	wine, _ := catalogue.Find(id)
	detail := catalogue.Detail{
		Stamp: green, Colours: []string{"green", "green", "green"}, Versions: []string{"v2", "v2", "v2"}, Wine: wine, Ordered: 3,
	}
	for _, neighbour := range c.tastes.Similar(id, 4) {
		other, _ := catalogue.Find(neighbour.ID)
		detail.Similar = append(detail.Similar, catalogue.Recommended{Neighbour: neighbour, Name: other.Name, PriceCents: other.PriceCents})
	}
	return detail
}

func TestARightWineIsRightAndEverySpoiledOneIsWrong(t *testing.T) {
	ask := asked{kind: kindWine, wine: 5, floor: 3}
	if c := newTestChecker(t); true {
		if judged := c.check(ask, result(http.StatusOK, rightWine(c, 5))); judged.verdict != right || judged.colour != "green" {
			t.Fatalf("the right answer is judged %+v", judged)
		}
	}
	for name, spoil := range map[string]func(*catalogue.Detail){
		"a cent more":              func(d *catalogue.Detail) { d.Wine.PriceCents++ },
		"another wine":             func(d *catalogue.Detail) { d.Wine.ID = 6 },
		"recommendations turned":   func(d *catalogue.Detail) { d.Similar[0], d.Similar[1] = d.Similar[1], d.Similar[0] },
		"one recommended less":     func(d *catalogue.Detail) { d.Similar = d.Similar[:3] },
		"a wrong price next to it": func(d *catalogue.Detail) { d.Similar[2].PriceCents-- },
		"a part of the other side": func(d *catalogue.Detail) { d.Colours[2] = "blue" },
		"a part missing":           func(d *catalogue.Detail) { d.Colours = d.Colours[:2] },
		"another colour's body":    func(d *catalogue.Detail) { d.Stamp.Colour = "blue" },
		"an unknown recommender":   func(d *catalogue.Detail) { d.Versions[1] = "v9" },
		"orders disappeared":       func(d *catalogue.Detail) { d.Ordered = 2 },
	} {
		c := newTestChecker(t)
		answer := rightWine(c, 5)
		spoil(&answer)
		if judged := c.check(ask, result(http.StatusOK, answer)); judged.verdict != wrong || judged.reason == "" {
			t.Errorf("%s: %+v", name, judged)
		}
	}
}

func TestRecommendationsFollowTheVersionOfTheRecommender(t *testing.T) {
	c := newTestChecker(t)
	answer := rightWine(c, 5)
	answer.Versions[1], answer.Similar = "v1", answer.Similar[:3]
	if judged := c.check(asked{kind: kindWine, wine: 5}, result(http.StatusOK, answer)); judged.verdict != right {
		t.Errorf("%+v", judged)
	}
}

func rightOrder(total int64) catalogue.PlacedOrder {
	return catalogue.PlacedOrder{
		Order:   catalogue.Order{Stamp: green, ID: 11, Wine: 5, Quantity: 10, TotalCents: total},
		Colours: []string{"green", "green"}, Versions: []string{"v2", "v2"},
	}
}

func TestAnOrderMustHaveTheTotalOfTheVersionThatPlacedItThenAndLater(t *testing.T) {
	wine, _ := catalogue.Find(5)
	total := wine.PriceCents * 9 // ten bottles, ten percent off
	ask := asked{kind: kindOrder, wine: 5, quantity: 10}
	c := newTestChecker(t)
	if judged := c.check(ask, result(http.StatusCreated, rightOrder(total))); judged.verdict != right {
		t.Fatalf("%+v", judged)
	}
	if judged := c.check(ask, result(http.StatusCreated, rightOrder(total+1))); judged.verdict != wrong {
		t.Errorf("a cent more: %+v", judged)
	}
	if len(c.ledger.orders) != 1 || c.ledger.floor(5) != 1 {
		t.Errorf("the ledger holds %+v: wrong orders must not count as confirmed", c.ledger.orders)
	}
	back := asked{kind: kindReadBack, order: c.ledger.orders[0]}
	if judged := c.check(back, result(http.StatusOK, rightOrder(total).Order)); judged.verdict != right {
		t.Errorf("read back: %+v", judged)
	}
	if judged := c.check(back, result(http.StatusOK, rightOrder(total-1).Order)); judged.verdict != wrong {
		t.Errorf("read back changed: %+v", judged)
	}
}

func TestPagesMustBeExactlyThoseOfTheVersion(t *testing.T) {
	c := newTestChecker(t)
	rules, _ := catalogue.RulesOf("v2")
	home, _ := catalogue.HomePage(green, rules)
	if judged := c.check(asked{kind: kindHome}, result(http.StatusOK, string(home))); judged.verdict != right {
		t.Errorf("%+v", judged)
	}
	spoiled := strings.Replace(string(home), "€30.30", "€30.31", 1)
	if judged := c.check(asked{kind: kindHome}, result(http.StatusOK, spoiled)); judged.verdict != wrong {
		t.Errorf("a changed price: %+v", judged)
	}
}

func TestWhatIsNoAnswerHasFailed(t *testing.T) {
	c := newTestChecker(t)
	for name, given := range map[string]*vegeta.Result{
		"no connection":     {Error: "dial tcp 127.0.0.1:8080: connect: connection refused"},
		"a server error":    {Code: 500, Error: "500 Internal Server Error"},
		"a redirect":        {Code: 302},
		"created for a GET": {Code: 201},
	} {
		if judged := c.check(asked{kind: kindHome}, given); judged.verdict != failed || judged.reason == "" {
			t.Errorf("%s: %+v", name, judged)
		}
	}
}

func TestAnAnswerWithoutColourOrOfAnotherThanTheGatewaysIsWrong(t *testing.T) {
	c := newTestChecker(t)
	nameless := result(http.StatusOK, "")
	nameless.Headers = http.Header{}
	crossed := result(http.StatusOK, "")
	crossed.Headers.Set("x-switchyard-colour", "blue")
	unknown := result(http.StatusOK, "")
	unknown.Headers.Set("x-shop-version", "v9")
	for _, given := range []*vegeta.Result{nameless, crossed, unknown} {
		if judged := c.check(asked{kind: kindHome}, given); judged.verdict != wrong {
			t.Errorf("%v: %+v", given.Headers, judged)
		}
	}
}

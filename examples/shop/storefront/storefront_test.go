package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/fault"
	"switchyard.dev/shop/internal/peer"
	"switchyard.dev/shop/internal/release"
	"switchyard.dev/shop/internal/serving"
)

// peers stand at the border of the storefront: what they are asked and what they answer is
// its contract with orders and recommender.
type peers struct {
	status int
	keys   []string
}

func (p *peers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	stamp := `"version":"v2","colour":"green"`
	if p.status != 0 {
		w.WriteHeader(p.status)
		_, _ = fmt.Fprintf(w, `{%s,"error":"because"}`, stamp)
		return
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/similar/"):
		_, _ = fmt.Fprintf(w, `{%s,"id":7,"similar":[{"id":9,"distance":0.25}]}`, stamp)
	case r.URL.Path == "/orders/count":
		_, _ = fmt.Fprintf(w, `{%s,"wine":7,"count":42}`, stamp)
	case r.Method == http.MethodPost:
		p.keys = append(p.keys, r.Header.Get("Idempotency-Key"))
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{%s,"id":5,"wine":7,"quantity":6,"discount_cents":10,"total_cents":90,"placed_at":"2026-01-02T03:04:05.000006Z"}`, stamp)
	}
}

func open(t *testing.T, behind *peers) http.Handler {
	t.Helper()
	server := httptest.NewServer(behind)
	t.Cleanup(server.Close)
	this, err := release.Of("v2")
	if err != nil {
		t.Fatal(err)
	}
	broken := fault.Of("v2")
	router := serving.NewRouter("storefront", catalogue.Stamp{Version: "v2", Colour: "green"}, broken)
	shop, err := newStorefront(
		serving.Parts{Router: router, Release: this, Fault: broken},
		peer.New("orders", server.URL, router.Registry()), peer.New("recommender", server.URL, router.Registry()))
	if err != nil {
		t.Fatal(err)
	}
	shop.register()
	return router
}

func ask(t *testing.T, shop http.Handler, method, path, body string, header http.Header) (int, []byte) {
	t.Helper()
	request := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	for name, values := range header {
		request.Header[name] = values
	}
	recorder := httptest.NewRecorder()
	shop.ServeHTTP(recorder, request)
	answer, _ := io.ReadAll(recorder.Body)
	return recorder.Code, answer
}

func TestAWineIsShownWithWhatThePeersKnowAndWhoTookPart(t *testing.T) {
	code, body := ask(t, open(t, &peers{}), http.MethodGet, "/api/wines/7", "", nil)
	var detail catalogue.Detail
	if err := json.Unmarshal(body, &detail); err != nil || code != http.StatusOK {
		t.Fatalf("%d %s %v", code, body, err)
	}
	wine, _ := catalogue.Find(7)
	ninth, _ := catalogue.Find(9)
	if detail.Wine != wine || detail.Ordered != 42 || len(detail.Similar) != 1 ||
		detail.Similar[0].Name != ninth.Name || detail.Similar[0].Distance != .25 {
		t.Errorf("%+v", detail)
	}
	if fmt.Sprint(detail.Colours, detail.Versions) != "[green green green] [v2 v2 v2]" {
		t.Errorf("took part: %v %v", detail.Colours, detail.Versions)
	}
}

func TestAnOrderIsPassedOnWithTheCustomersKeyOrOneOfItsOwn(t *testing.T) {
	behind := &peers{}
	shop := open(t, behind)
	code, body := ask(t, shop, http.MethodPost, "/api/orders", `{"wine":7,"quantity":6}`, http.Header{"Idempotency-Key": {"mine"}})
	var placed catalogue.PlacedOrder
	if err := json.Unmarshal(body, &placed); err != nil || code != http.StatusCreated {
		t.Fatalf("%d %s %v", code, body, err)
	}
	if placed.ID != 5 || placed.TotalCents != 90 || fmt.Sprint(placed.Colours) != "[green green]" {
		t.Errorf("%+v", placed)
	}
	ask(t, shop, http.MethodPost, "/api/orders", `{"wine":7,"quantity":6}`, nil)
	if behind.keys[0] != "mine" || len(behind.keys[1]) < 20 {
		t.Errorf("keys were %q: a call without one cannot be repeated safely", behind.keys)
	}
}

func TestARefusedOrderKeepsItsReason(t *testing.T) {
	code, body := ask(t, open(t, &peers{status: http.StatusUnprocessableEntity}), http.MethodPost, "/api/orders", "{}", nil)
	if code != http.StatusUnprocessableEntity || !strings.Contains(string(body), "because") {
		t.Errorf("%d %s", code, body)
	}
}

func TestAPeerThatFailsIsABadGatewayAndNoWrongAnswer(t *testing.T) {
	shop := open(t, &peers{status: http.StatusInternalServerError})
	for _, one := range []struct{ method, path string }{
		{http.MethodGet, "/api/wines/7"}, {http.MethodPost, "/api/orders"},
	} {
		if code, body := ask(t, shop, one.method, one.path, "{}", nil); code != http.StatusBadGateway {
			t.Errorf("%s %s: %d %s", one.method, one.path, code, body)
		}
	}
}

func TestUnknownWinesAndOversizedOrdersAreRefused(t *testing.T) {
	shop := open(t, &peers{})
	for _, id := range []string{"0", "999", "x"} {
		if code, _ := ask(t, shop, http.MethodGet, "/api/wines/"+id, "", nil); code != http.StatusNotFound {
			t.Errorf("wine %s: %d", id, code)
		}
	}
	if code, _ := ask(t, shop, http.MethodPost, "/api/orders", strings.Repeat("x", maxOrderBytes+1), nil); code != http.StatusBadRequest {
		t.Errorf("an oversized order: %d", code)
	}
}

func TestThePagesAreThoseOfTheCatalogue(t *testing.T) {
	shop := open(t, &peers{})
	rules, _ := catalogue.RulesOf("v2")
	stamp := catalogue.Stamp{Version: "v2", Colour: "green"}
	home, _ := catalogue.HomePage(stamp, rules)
	listing, _ := catalogue.ListingPage(stamp, rules)
	for path, expected := range map[string][]byte{"/": home, "/api/catalogue": listing} {
		if code, body := ask(t, shop, http.MethodGet, path, "", nil); code != http.StatusOK || string(body) != string(expected) {
			t.Errorf("%s: %d, %d bytes", path, code, len(body))
		}
	}
}

func TestAnswersThatContradictThemselvesAreCounted(t *testing.T) {
	router := serving.NewRouter("storefront", catalogue.Stamp{Version: "v2", Colour: "green"}, fault.Of("v2"))
	c := newChecks(router.Registry())
	wine, _ := catalogue.Find(7)
	discount := int64(5)
	right := catalogue.Order{Wine: 7, Quantity: 2, DiscountCents: &discount, TotalCents: 2*wine.PriceCents - discount}
	dear := right
	dear.TotalCents++
	c.order(right)
	c.order(dear)
	c.order(catalogue.Order{Wine: 7, Quantity: 1, TotalCents: wine.PriceCents})
	c.similar(catalogue.Similar{Similar: []catalogue.Neighbour{{ID: 1, Distance: .1}, {ID: 2, Distance: .1}, {ID: 3, Distance: .4}}})
	c.similar(catalogue.Similar{Similar: []catalogue.Neighbour{{ID: 3, Distance: .4}, {ID: 1, Distance: .1}}})
	recorder := httptest.NewRecorder()
	router.Metrics().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		`shop_peer_answers_total{peer="orders"} 3`, `shop_peer_contradictions_total{peer="orders"} 1`,
		`shop_peer_answers_total{peer="recommender"} 2`, `shop_peer_contradictions_total{peer="recommender"} 1`,
	} {
		if !strings.Contains(recorder.Body.String(), line) {
			t.Errorf("the metrics lack %s: a wrong answer would look like a right one", line)
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/fault"
	"switchyard.dev/shop/internal/postgres"
	"switchyard.dev/shop/internal/release"
	"switchyard.dev/shop/internal/serving"
	"switchyard.dev/shop/orders/store"
)

// database is the PostgreSQL of this package's tests; they share it as the colours do.
var database *postgres.Server

func TestMain(m *testing.M) {
	var err error
	database, err = postgres.Start(context.Background(), "fsync=off")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, setting := range database.Env() {
		name, value, _ := strings.Cut(setting, "=")
		_ = os.Setenv(name, value)
	}
	code := m.Run()
	_ = database.Stop()
	os.Exit(code)
}

// serve gives the orders service of a version, its database migrated as its Job would.
func serve(t *testing.T, version string) http.Handler {
	t.Helper()
	this, err := release.Of(version)
	if err != nil {
		t.Fatal(err)
	}
	if err := runMigrations("expand", this); err != nil {
		t.Fatal(err)
	}
	kept, err := store.Open(t.Context(), "", this.Rules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kept.Close)
	broken := fault.Of(version)
	router := serving.NewRouter("orders", catalogue.Stamp{Version: version, Colour: "blue"}, broken)
	newOrders(serving.Parts{Router: router, Release: this, Fault: broken}, kept).register()
	return router
}

func ask(t *testing.T, service http.Handler, method, path, body, key string) (int, []byte) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	recorder := httptest.NewRecorder()
	service.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.Bytes()
}

func place(t *testing.T, service http.Handler, key string, wine, quantity int) (int, catalogue.Order) {
	t.Helper()
	code, body := ask(t, service, http.MethodPost, "/orders", fmt.Sprintf(`{"wine":%d,"quantity":%d}`, wine, quantity), key)
	var order catalogue.Order
	if code < 300 {
		if err := json.Unmarshal(body, &order); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	return code, order
}

func read(t *testing.T, service http.Handler, id int64) catalogue.Order {
	t.Helper()
	code, body := ask(t, service, http.MethodGet, fmt.Sprintf("/orders/%d", id), "", "")
	var order catalogue.Order
	if err := json.Unmarshal(body, &order); err != nil || code != http.StatusOK {
		t.Fatalf("%d %s %v", code, body, err)
	}
	return order
}

func TestTheSameKeyGivesTheSameOrderEvenFromTheOtherVersion(t *testing.T) {
	v1, v2 := serve(t, "v1"), serve(t, "v2")
	code, first := place(t, v1, "same-key", 7, 12)
	if code != http.StatusCreated {
		t.Fatalf("a new order gave %d", code)
	}
	again, second := place(t, v2, "same-key", 7, 12)
	if again != http.StatusOK || second.ID != first.ID || second.TotalCents != first.TotalCents {
		t.Errorf("%d %+v, want 200 and %+v: a repeated request ordered twice or changed the price", again, second, first)
	}
	if code, _ := place(t, v2, "same-key", 8, 12); code != http.StatusUnprocessableEntity {
		t.Errorf("the key with another order gave %d", code)
	}
}

func TestBothVersionsReadWhatTheOtherPlaced(t *testing.T) {
	v1, v2 := serve(t, "v1"), serve(t, "v2")
	wine, _ := catalogue.Find(9)
	_, plain := place(t, v1, "by-v1", 9, 10)
	_, discounted := place(t, v2, "by-v2", 9, 10)
	if plain.TotalCents != wine.PriceCents*10 || plain.DiscountCents != nil {
		t.Errorf("v1 placed %+v", plain)
	}
	if discounted.TotalCents != wine.PriceCents*9 || *discounted.DiscountCents != wine.PriceCents {
		t.Errorf("v2 placed %+v", discounted)
	}
	if seen := read(t, v2, plain.ID); seen.TotalCents != plain.TotalCents || *seen.DiscountCents != 0 {
		t.Errorf("v2 reads v1's order as %+v", seen)
	}
	if seen := read(t, v1, discounted.ID); seen.TotalCents != discounted.TotalCents || seen.DiscountCents != nil {
		t.Errorf("v1 reads v2's order as %+v", seen)
	}
}

func TestAKeyUsedByManyAtOnceOrdersOnce(t *testing.T) {
	service := serve(t, "v2")
	ids := make(chan int64, 20)
	var everybody sync.WaitGroup
	for range cap(ids) {
		everybody.Go(func() {
			_, order := place(t, service, "crowd", 3, 2)
			ids <- order.ID
		})
	}
	everybody.Wait()
	first := <-ids
	for range cap(ids) - 1 {
		if other := <-ids; other != first || other == 0 {
			t.Fatalf("orders %d and %d under one key", first, other)
		}
	}
}

func TestOrdersAreCountedByWine(t *testing.T) {
	service := serve(t, "v2")
	for at := range 3 {
		place(t, service, fmt.Sprintf("counted-%d", at), 150, 1)
	}
	for path, least := range map[string]int64{"/orders/count?wine=150": 3, "/orders/count": 3} {
		code, body := ask(t, service, http.MethodGet, path, "", "")
		var count catalogue.Count
		if err := json.Unmarshal(body, &count); err != nil || code != http.StatusOK || count.Count < least {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if _, body := ask(t, service, http.MethodGet, "/orders/count?wine=150", "", ""); !strings.Contains(string(body), `"count":3}`) {
		t.Errorf("%s", body)
	}
}

func TestWhatIsNoOrderIsRefusedWithTheReason(t *testing.T) {
	service := serve(t, "v2")
	good := `{"wine":1,"quantity":1}`
	for name, c := range map[string]struct {
		body, key, reason string
	}{
		"no JSON":          {"wine", "k", "not readable"},
		"an unknown field": {`{"wine":1,"quantity":1,"price":0}`, "k", "price"},
		"an unknown wine":  {`{"wine":999,"quantity":1}`, "k", "no wine 999"},
		"no bottles":       {`{"wine":1,"quantity":0}`, "k", "quantity is 0"},
		"too many bottles": {`{"wine":1,"quantity":121}`, "k", "quantity is 121"},
		"no key":           {good, "", "Idempotency-Key"},
		"an endless key":   {good, strings.Repeat("k", maxKeyLength+1), "Idempotency-Key"},
	} {
		code, body := ask(t, service, http.MethodPost, "/orders", c.body, c.key)
		if code != http.StatusBadRequest || !strings.Contains(string(body), c.reason) {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	for _, path := range []string{"/orders/0", "/orders/x", "/orders/999999999"} {
		if code, _ := ask(t, service, http.MethodGet, path, "", ""); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
}

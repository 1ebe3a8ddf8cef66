package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/fault"
	"switchyard.dev/shop/internal/serving"
	"switchyard.dev/shop/orders/store"
)

const (
	maxOrderBytes = 4 << 10
	maxKeyLength  = 200
	// placedAtLayout is RFC 3339 with PostgreSQL's precision.
	placedAtLayout = "2006-01-02T15:04:05.000000Z07:00"
)

// orders answers for the orders table.
type orders struct {
	router *serving.Router
	fault  *fault.Fault
	rules  catalogue.Rules
	store  *store.Store
}

func newOrders(parts serving.Parts, kept *store.Store) *orders {
	return &orders{router: parts.Router, fault: parts.Fault, rules: parts.Release.Rules, store: kept}
}

func (o *orders) register() {
	o.router.Handle("POST /orders", "place", o.place)
	o.router.Handle("GET /orders/{id}", "get", o.get)
	o.router.Handle("GET /orders/count", "count", o.count)
}

// place answers POST /orders: 201 for a new order, 200 for one stored before under its key.
func (o *orders) place(w http.ResponseWriter, r *http.Request) {
	wine, quantity, err := readOrder(w, r)
	key := r.Header.Get("Idempotency-Key")
	if err == nil && (key == "" || len(key) > maxKeyLength) {
		err = fmt.Errorf("Idempotency-Key has %d characters: a repeated request could order twice; send 1 to %d, the same for every try", len(key), maxKeyLength)
	}
	if err != nil {
		o.router.Fail(w, http.StatusBadRequest, err.Error())
		return
	}
	order, created, err := o.store.Place(r.Context(), key, wine, quantity)
	switch {
	case errors.Is(err, store.ErrOtherOrder):
		o.router.Fail(w, http.StatusUnprocessableEntity, err.Error()+"; send a new key for a new order")
	case err != nil:
		o.broken(w, r, err)
	case created:
		w.Header().Set("Location", "/orders/"+strconv.FormatInt(order.ID, 10))
		o.router.Answer(w, http.StatusCreated, o.answer(order))
	default:
		o.router.Answer(w, http.StatusOK, o.answer(order))
	}
}

// readOrder reads and checks an order; an error says what to send instead.
func readOrder(w http.ResponseWriter, r *http.Request) (catalogue.Wine, int, error) {
	var wanted catalogue.OrderRequest
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrderBytes))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wanted); err != nil {
		return catalogue.Wine{}, 0, fmt.Errorf(`the order is not readable; send {"wine": id, "quantity": bottles}: %w`, err)
	}
	wine, known := catalogue.Find(wanted.Wine)
	if !known {
		return catalogue.Wine{}, 0, fmt.Errorf("there is no wine %d; ids are 1 to %d", wanted.Wine, len(catalogue.Wines()))
	}
	if wanted.Quantity < 1 || wanted.Quantity > catalogue.MaxQuantity {
		return catalogue.Wine{}, 0, fmt.Errorf("quantity is %d; order 1 to %d bottles", wanted.Quantity, catalogue.MaxQuantity)
	}
	return wine, wanted.Quantity, nil
}

// get answers GET /orders/{id}.
func (o *orders) get(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		o.router.Fail(w, http.StatusNotFound, fmt.Sprintf("there is no order %q; ids are numbers", r.PathValue("id")))
		return
	}
	order, err := o.store.Get(r.Context(), id)
	switch {
	case errors.Is(err, store.ErrUnknown):
		o.router.Fail(w, http.StatusNotFound, fmt.Sprintf("there is no order %d", id))
	case err != nil:
		o.broken(w, r, err)
	default:
		o.router.Answer(w, http.StatusOK, o.answer(order))
	}
}

// count answers GET /orders/count, of one wine with ?wine=id.
func (o *orders) count(w http.ResponseWriter, r *http.Request) {
	wine := 0
	if text := r.URL.Query().Get("wine"); text != "" {
		id, err := strconv.Atoi(text)
		if _, known := catalogue.Find(id); err != nil || !known {
			o.router.Fail(w, http.StatusBadRequest, fmt.Sprintf("there is no wine %q; ids are 1 to %d", text, len(catalogue.Wines())))
			return
		}
		wine = id
	}
	count, err := o.store.Count(r.Context(), wine)
	if err != nil {
		o.broken(w, r, err)
		return
	}
	o.router.Answer(w, http.StatusOK, catalogue.Count{Stamp: o.router.Stamp, Wine: wine, Count: count})
}

// answer shows an order as this version does: one that knows discounts shows 0 for orders
// that a version without them placed.
func (o *orders) answer(order store.Order) catalogue.Order {
	if o.rules.KeepsDiscount && order.DiscountCents == nil {
		order.DiscountCents = new(int64)
	}
	return catalogue.Order{
		Stamp: o.router.Stamp, ID: order.ID, Wine: order.Wine, Quantity: order.Quantity,
		DiscountCents: order.DiscountCents, TotalCents: o.fault.Price(order.TotalCents),
		PlacedAt: order.PlacedAt.UTC().Truncate(time.Microsecond).Format(placedAtLayout),
	}
}

// broken answers for a database that failed twice. A customer who left is not a failure.
func (o *orders) broken(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		slog.Error("the database failed", "error", err)
	}
	o.router.Fail(w, http.StatusServiceUnavailable, "orders cannot be reached just now; try again")
}

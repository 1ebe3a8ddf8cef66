package main

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/peer"
	"switchyard.dev/shop/internal/serving"
)

const maxOrderBytes = 4 << 10

// order answers POST /api/orders: it passes the order on and says who took part. A customer
// who sends no Idempotency-Key gets one here, so that the call to orders may be repeated.
func (s *storefront) order(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrderBytes))
	if err != nil {
		s.router.Fail(w, http.StatusBadRequest, "the order could not be read whole; an order is a small JSON object")
		return
	}
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		key = rand.Text()
	}
	reply, err := s.orders.Do(r.Context(), peer.Call{
		Method: http.MethodPost, Path: "/orders", Body: body, IdempotencyKey: key,
	})
	switch {
	case err != nil:
		s.badGateway(w, r, err)
	case reply.Status >= http.StatusBadRequest && reply.Status < http.StatusInternalServerError:
		s.refuse(w, reply)
	default:
		s.placed(w, r, reply)
	}
}

// refuse passes on why orders would not take the order.
func (s *storefront) refuse(w http.ResponseWriter, reply peer.Reply) {
	var failure catalogue.Failure
	if err := json.Unmarshal(reply.Body, &failure); err != nil {
		failure.Error = "the order was refused"
	}
	s.router.Fail(w, reply.Status, failure.Error)
}

func (s *storefront) placed(w http.ResponseWriter, r *http.Request, reply peer.Reply) {
	var order catalogue.Order
	if err := reply.Decode(&order, http.StatusCreated, http.StatusOK); err != nil {
		s.badGateway(w, r, err)
		return
	}
	s.checks.order(order)
	by := order.Stamp
	order.Stamp = s.router.Stamp
	order.TotalCents = s.fault.Price(order.TotalCents)
	answer, err := json.Marshal(catalogue.PlacedOrder{
		Order:    order,
		Colours:  []string{order.Colour, by.Colour},
		Versions: []string{order.Version, by.Version},
	})
	if err != nil {
		s.badGateway(w, r, err)
		return
	}
	serving.WriteJSON(w, reply.Status, answer)
}

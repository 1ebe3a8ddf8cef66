package main

import (
	"math/rand/v2"
	"sync"

	"switchyard.dev/shop/catalogue"
)

// remembered is how many confirmed orders can be drawn for reading back.
const remembered = 4096

// confirmed is an order that the shop confirmed.
type confirmed struct {
	id       int64
	wine     int
	quantity int
	total    int64
}

// ledger is what the generator knows of the shop's data: orders it was promised, and per wine
// the greatest number of orders seen. Both must hold whichever colour answers next.
type ledger struct {
	mu     sync.Mutex
	orders []confirmed
	next   int
	floors []int64
	placed []int64
}

func newLedger() *ledger {
	count := len(catalogue.Wines()) + 1
	return &ledger{floors: make([]int64, count), placed: make([]int64, count)}
}

// confirm remembers a confirmed order, forgetting the oldest when there are many.
func (l *ledger) confirm(order confirmed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.placed[order.wine]++
	if len(l.orders) < remembered {
		l.orders = append(l.orders, order)
		return
	}
	l.orders[l.next] = order
	l.next = (l.next + 1) % remembered
}

// draw gives a confirmed order, and whether there is one.
func (l *ledger) draw(random *rand.Rand) (confirmed, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.orders) == 0 {
		return confirmed{}, false
	}
	return l.orders[random.IntN(len(l.orders))], true
}

// counted notes how many orders of a wine an answer showed.
func (l *ledger) counted(wine int, count int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.floors[wine] = max(l.floors[wine], count)
}

// floor gives how many orders of a wine an answer must show at least, if asked from now on.
func (l *ledger) floor(wine int) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(l.floors[wine], l.placed[wine])
}

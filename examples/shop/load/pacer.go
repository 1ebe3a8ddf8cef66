package main

import (
	"sync/atomic"
	"time"
)

// pacer tells vegeta when to send. It also learns when the attack began, which vegeta keeps
// to itself and without which no request's due time is known.
type pacer struct {
	shape    *shape
	requests uint64
	began    atomic.Pointer[time.Time]
}

// Pace says how long to wait for the next request; vegeta asks from one goroutine.
func (p *pacer) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	if hits == 0 {
		began := time.Now().Add(-elapsed)
		p.began.Store(&began)
	}
	if hits >= p.requests {
		return 0, true
	}
	return p.shape.due(hits) - elapsed, false
}

// Rate gives the momentary rate, as vegeta's interface asks; nothing here needs it.
func (p *pacer) Rate(time.Duration) float64 { return p.shape.knots[0].rate }

// dueAt gives the wall-clock time at which request n was due.
func (p *pacer) dueAt(n uint64) time.Time { return p.began.Load().Add(p.shape.due(n)) }

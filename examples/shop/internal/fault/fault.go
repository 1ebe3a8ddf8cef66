// Package fault breaks a service on purpose, one way a variant, for what watches releases
// to catch. Probes are never broken: such a release starts healthy and is bad all the same.
package fault

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"switchyard.dev/shop/catalogue"
)

const (
	// errorShare and wrongShare are the shares of requests that fail, or are answered wrongly.
	errorShare = 0.05
	wrongShare = 0.05
	// extraLatency is added to every request.
	extraLatency = 80 * time.Millisecond
	// leakBytes are kept for ever at every request: at 100 requests a second a pod reaches
	// its memory limit of 128 MiB within two minutes.
	leakBytes = 8 << 10
)

// Fault is what is broken in this build; the zero value breaks nothing.
type Fault struct {
	version string
	mu      sync.Mutex
	leaked  [][]byte
}

// Of gives the fault that a version was built with.
func Of(version string) *Fault { return &Fault{version: version} }

// Wrap breaks a handler that fails, dawdles or leaks; others are returned as they are.
func (f *Fault) Wrap(handler http.HandlerFunc, fail func(http.ResponseWriter)) http.HandlerFunc {
	switch f.version {
	case "errors":
		return func(w http.ResponseWriter, r *http.Request) {
			if rand.Float64() < errorShare {
				fail(w)
				return
			}
			handler(w, r)
		}
	case "latency":
		return func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(extraLatency)
			handler(w, r)
		}
	case "leak":
		return func(w http.ResponseWriter, r *http.Request) {
			f.leak()
			handler(w, r)
		}
	default:
		return handler
	}
}

func (f *Fault) leak() {
	block := make([]byte, leakBytes)
	for at := range block { // written, so that the memory is really taken
		block[at] = byte(at)
	}
	f.mu.Lock()
	f.leaked = append(f.leaked, block)
	f.mu.Unlock()
}

// Price gives the price to answer: the right one, or now and then one a cent too high.
func (f *Fault) Price(cents int64) int64 {
	if f.wrong() {
		return cents + 1
	}
	return cents
}

// Neighbours gives the neighbours to answer: the right ones, or now and then the farthest first.
func (f *Fault) Neighbours(right []catalogue.Neighbour) []catalogue.Neighbour {
	if !f.wrong() {
		return right
	}
	turned := make([]catalogue.Neighbour, len(right))
	for at, neighbour := range right {
		turned[len(right)-1-at] = neighbour
	}
	return turned
}

func (f *Fault) wrong() bool { return f.version == "wrong" && rand.Float64() < wrongShare }

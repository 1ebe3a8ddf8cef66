package serving

import (
	"net/http"
	"sync/atomic"
)

// phase is where a process is in its life.
type phase int32

const (
	// warming: alive, but what it needs has not answered yet.
	warming phase = iota
	// open: serving.
	open
	// lameDuck: still serving, but asking to be taken out of rotation.
	lameDuck
	// leaving: still serving, and telling clients to close their connections.
	leaving
)

// gate answers the probes. Once open it fails only when the process is told to stop: were
// readiness to follow the database or a peer, one hiccup there would take all replicas out
// of rotation together.
type gate struct{ phase atomic.Int32 }

// open opens a warming gate; one that was told to stop meanwhile stays shut.
func (g *gate) open() bool { return g.phase.CompareAndSwap(int32(warming), int32(open)) }

func (g *gate) set(p phase)     { g.phase.Store(int32(p)) }
func (g *gate) is(p phase) bool { return phase(g.phase.Load()) == p }

func (g *gate) live(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("alive\n")) }

func (g *gate) ready(w http.ResponseWriter, _ *http.Request) {
	switch phase(g.phase.Load()) {
	case open:
		_, _ = w.Write([]byte("ready\n"))
	case warming:
		http.Error(w, "warming: what this service needs has not answered yet", http.StatusServiceUnavailable)
	default:
		http.Error(w, "stopping: serve no new clients here", http.StatusServiceUnavailable)
	}
}

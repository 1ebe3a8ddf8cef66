package main

import (
	"regexp"
	"strconv"
	"time"
)

// examples is how many different errors a report holds.
const examples = 20

// tally counts samples. It is used from one goroutine.
type tally struct {
	requests, failed, wrong uint64
	statuses                map[string]uint64
	colours, versions       map[string]uint64
	errors                  map[string]*Example
	errorOrder              []string
	kinds                   [kinds]kindTally
	lateness                []time.Duration
	seen                    []sighting
	ended                   time.Time
}

type kindTally struct {
	failed, wrong uint64
	latencies     []time.Duration
}

// sighting is which colour answered the request sent then.
type sighting struct {
	sent   int64
	colour string
}

func newTally() *tally {
	return &tally{
		statuses: map[string]uint64{}, colours: map[string]uint64{}, versions: map[string]uint64{},
		errors: map[string]*Example{},
	}
}

func (t *tally) add(s sample) {
	t.requests++
	t.statuses[strconv.Itoa(int(s.status))]++
	kind := &t.kinds[s.kind]
	kind.latencies = append(kind.latencies, s.latency)
	t.lateness = append(t.lateness, s.sent.Sub(s.due))
	if ended := s.due.Add(s.latency); ended.After(t.ended) {
		t.ended = ended
	}
	if s.outcome.colour != "" {
		t.colours[s.outcome.colour]++
		t.versions[s.outcome.version]++
		t.seen = append(t.seen, sighting{s.sent.UnixNano(), s.outcome.colour})
	}
	switch s.outcome.verdict {
	case failed:
		t.failed++
		kind.failed++
	case wrong:
		t.wrong++
		kind.wrong++
	case right:
		return
	}
	t.example(s)
}

var (
	// requestPart is how Go's client begins an error: with method and URL, different each time.
	requestPart = regexp.MustCompile(`^[A-Z][a-z]+ "[^"]*": `)
	figures     = regexp.MustCompile(`[0-9]+`)
)

// example keeps the first error of every text, texts that differ in figures alone being one.
func (t *tally) example(s sample) {
	text := requestPart.ReplaceAllString(s.outcome.reason, s.kind.String()+": ")
	key := s.outcome.verdict.String() + figures.ReplaceAllString(text, "#")
	if known, exists := t.errors[key]; exists {
		known.Count++
		return
	}
	if len(t.errors) == examples {
		return
	}
	t.errors[key] = &Example{Text: text, Outcome: s.outcome.verdict.String(), Count: 1, First: s.n, At: s.sent}
	t.errorOrder = append(t.errorOrder, key)
}

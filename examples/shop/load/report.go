package main

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"time"
)

// Report is what a run found. Times are UTC, with nanoseconds; latencies are milliseconds
// from the time a request was due.
type Report struct {
	Target string `json:"target"`
	Seed   uint64 `json:"seed"`
	// Complete is false when the run was ended early.
	Complete bool      `json:"complete"`
	Planned  uint64    `json:"planned"`
	Requests uint64    `json:"requests"`
	Failed   uint64    `json:"failed"`
	Wrong    uint64    `json:"wrong"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
	// Rate is requests a second, over the whole run.
	Rate     float64           `json:"rate"`
	Statuses map[string]uint64 `json:"statuses"`
	Errors   []Example         `json:"errors"`
	Latency  Percentiles       `json:"latency_ms"`
	Kinds    map[string]Kind   `json:"kinds"`
	// Lateness is how late requests were sent: the schedule's own quality.
	Lateness Percentiles       `json:"lateness_ms"`
	Colours  map[string]uint64 `json:"colours"`
	Versions map[string]uint64 `json:"versions"`
	Spans    map[string]Span   `json:"spans"`
	// Transitions are the first thousand; TransitionCount is how many there were.
	Transitions     []Transition `json:"transitions"`
	TransitionCount int          `json:"transition_count"`
	Flips           []Flip       `json:"flips"`
	// Connections were opened; Replays are requests the transport sent again because a kept
	// connection was closed before a byte of the answer came.
	Connections uint64 `json:"connections"`
	Replays     uint64 `json:"replays"`
}

// Kind is what a run found of one kind of request.
type Kind struct {
	Requests uint64      `json:"requests"`
	Failed   uint64      `json:"failed"`
	Wrong    uint64      `json:"wrong"`
	Latency  Percentiles `json:"latency_ms"`
}

// Example is an error: its first text, how often it (figures apart) came, and when first.
type Example struct {
	Text    string    `json:"text"`
	Outcome string    `json:"outcome"`
	Count   uint64    `json:"count"`
	First   uint64    `json:"first_request"`
	At      time.Time `json:"first_at"`
}

// Percentiles are exact: all values were kept and sorted. Null when there are none.
type Percentiles struct {
	P50  *float64 `json:"p50"`
	P90  *float64 `json:"p90"`
	P99  *float64 `json:"p99"`
	P999 *float64 `json:"p999"`
	Max  *float64 `json:"max"`
}

// percentiles sorts the values and takes nearest ranks.
func percentiles(values []time.Duration) Percentiles {
	slices.Sort(values)
	at := func(share float64) *float64 {
		if len(values) == 0 {
			return nil
		}
		rank := max(int(math.Ceil(share*float64(len(values)))), 1)
		ms := math.Round(float64(values[rank-1])/float64(time.Microsecond)) / 1000
		return &ms
	}
	return Percentiles{P50: at(.5), P90: at(.9), P99: at(.99), P999: at(.999), Max: at(1)}
}

// report makes the report of everything tallied.
func (t *tally) report(started time.Time) Report {
	changes, before := transitions(t.seen)
	found := Report{
		Requests: t.requests, Failed: t.failed, Wrong: t.wrong,
		Started: started.UTC().Round(0), Ended: t.ended.UTC().Round(0),
		Statuses: t.statuses, Colours: t.colours, Versions: t.versions,
		Errors: []Example{}, Kinds: map[string]Kind{},
		Lateness: percentiles(t.lateness), Spans: spans(t.seen),
		Transitions:     append([]Transition{}, changes[:min(len(changes), maxTransitions)]...),
		TransitionCount: len(changes), Flips: append([]Flip{}, flips(changes, before)...),
	}
	if took := t.ended.Sub(started).Seconds(); took > 0 {
		found.Rate = math.Round(float64(t.requests)/took*10) / 10
	}
	for _, key := range t.errorOrder {
		example := *t.errors[key]
		example.At = example.At.UTC().Round(0)
		found.Errors = append(found.Errors, example)
	}
	all := make([]time.Duration, 0, t.requests)
	for which := range t.kinds {
		one := &t.kinds[which]
		if len(one.latencies) == 0 {
			continue
		}
		all = append(all, one.latencies...)
		found.Kinds[kind(which).String()] = Kind{
			Requests: uint64(len(one.latencies)), Failed: one.failed, Wrong: one.wrong,
			Latency: percentiles(one.latencies),
		}
	}
	found.Latency = percentiles(all)
	return found
}

// save writes the report to a file, or to standard output without one. A reader never sees
// half a file: it is renamed into place.
func (r Report) save(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if path == "" {
		_, err = os.Stdout.Write(text)
		return err
	}
	if err := os.WriteFile(path+".part", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

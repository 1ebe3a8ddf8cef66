package main

import (
	"slices"
	"time"
)

const (
	// flipGap parts one flip from the next: while a flip spreads over the gateway's pods,
	// both colours answer in turn.
	flipGap = 2 * time.Second
	// maxTransitions bounds the report; flips hold the gist of any number.
	maxTransitions = 1000
)

// Transition is two requests, sent one after the other, answered by different colours.
type Transition struct {
	// At is when the second was sent.
	At   time.Time `json:"at"`
	From string    `json:"from"`
	To   string    `json:"to"`
}

// Flip is a run of transitions: the traffic's way from one colour to another.
type Flip struct {
	From string `json:"from"`
	To   string `json:"to"`
	// First is when the first request that another colour answered was sent; Last when the
	// last one was that the colour left behind answered.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// Span is when the first and the last request were sent that a colour answered.
type Span struct {
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// transitions orders the sightings by the time of sending, which is when a gateway decides,
// and gives the changes of colour. It also gives, for each, when the request before was sent.
func transitions(seen []sighting) (changes []Transition, before []time.Time) {
	slices.SortFunc(seen, func(a, b sighting) int { return int(a.sent - b.sent) })
	for at := 1; at < len(seen); at++ {
		if seen[at].colour != seen[at-1].colour {
			changes = append(changes, Transition{At: wall(seen[at].sent), From: seen[at-1].colour, To: seen[at].colour})
			before = append(before, wall(seen[at-1].sent))
		}
	}
	return changes, before
}

func flips(changes []Transition, before []time.Time) []Flip {
	var found []Flip
	for at, change := range changes {
		if at == 0 || change.At.Sub(changes[at-1].At) >= flipGap {
			found = append(found, Flip{From: change.From, First: change.At})
		}
		last := &found[len(found)-1]
		last.To, last.Last = change.To, before[at]
	}
	return found
}

func spans(seen []sighting) map[string]Span {
	found := map[string]Span{}
	for _, one := range seen {
		span, known := found[one.colour]
		if !known {
			span.First = wall(one.sent)
		}
		span.Last = wall(one.sent)
		found[one.colour] = span
	}
	return found
}

func wall(nanoseconds int64) time.Time { return time.Unix(0, nanoseconds).UTC() }

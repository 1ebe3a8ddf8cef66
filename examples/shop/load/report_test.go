package main

import (
	"testing"
	"time"
)

func TestFlipsAreToldFromTheOrderOfSending(t *testing.T) {
	at := func(ms int) int64 { return int64(ms) * int64(time.Millisecond) }
	seen := []sighting{ // as they ended, not as they were sent
		{at(5010), "green"}, {at(0), "blue"}, {at(5000), "blue"}, {at(5005), "green"}, {at(5007), "blue"},
		{at(9000), "green"}, {at(9500), "blue"}, {at(10000), "blue"},
	}
	changes, before := transitions(seen)
	if len(changes) != 4 {
		t.Fatalf("%d transitions: %+v", len(changes), changes)
	}
	found := flips(changes, before)
	if len(found) != 2 {
		t.Fatalf("flips: %+v", found)
	}
	first := Flip{From: "blue", To: "green", First: wall(at(5005)), Last: wall(at(5007))}
	second := Flip{From: "green", To: "blue", First: wall(at(9500)), Last: wall(at(9000))}
	if found[0] != first || found[1] != second {
		t.Errorf("flips: %+v", found)
	}
	if span := spans(seen)["green"]; !span.First.Equal(wall(at(5005))) || !span.Last.Equal(wall(at(9000))) {
		t.Errorf("green's span: %+v", span)
	}
}

func TestPercentilesAreNearestRanksAndAbsentWithoutValues(t *testing.T) {
	if none := percentiles(nil); none.P50 != nil || none.Max != nil {
		t.Error("no data became a number")
	}
	values := make([]time.Duration, 1000)
	for at := range values {
		values[len(values)-1-at] = time.Duration(at+1) * time.Millisecond
	}
	got := percentiles(values)
	if *got.P50 != 500 || *got.P90 != 900 || *got.P99 != 990 || *got.P999 != 999 || *got.Max != 1000 {
		t.Errorf("%v %v %v %v %v", *got.P50, *got.P90, *got.P99, *got.P999, *got.Max)
	}
}

func TestErrorsThatDifferInFiguresAloneAreOneExample(t *testing.T) {
	counted := newTally()
	for at := range 50 {
		counted.add(sample{n: uint64(at), kind: kindHome, outcome: outcome{
			verdict: failed,
			reason:  `Get "http://127.0.0.1:8080/#` + string(rune('0'+at%10)) + `": read tcp 127.0.0.1:4` + string(rune('0'+at%7)) + `->127.0.0.1:8080: connection reset by peer`,
		}})
	}
	found := counted.report(time.Now())
	if len(found.Errors) != 1 || found.Errors[0].Count != 50 || found.Errors[0].Text != "home: read tcp 127.0.0.1:40->127.0.0.1:8080: connection reset by peer" {
		t.Errorf("%+v", found.Errors)
	}
}

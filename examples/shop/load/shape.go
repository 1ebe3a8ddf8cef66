package main

import (
	"fmt"
	"math"
	"sort"
	"time"
)

// hours is the shape of a shop's day: for every full hour, how far traffic is on its way
// from the day's least (0) to its greatest (1). Quiet nights, a rise through the morning,
// a dip after lunch, the peak in the evening. Drawn by hand after that pattern, not measured.
var hours = [24]float64{
	.12, .06, .02, 0, .01, .05, .14, .28, .43, .56, .64, .70,
	.74, .68, .62, .63, .69, .78, .89, .97, 1, .86, .55, .28,
}

// shape is the schedule of an open loop: when each request is due, whatever became of the
// ones before. The rate is piecewise linear and never below the floor.
type shape struct {
	day   time.Duration
	knots []knot
}

// knot is a point of the day: by then `done` requests are due, at `rate` a second.
type knot struct {
	at, rate, done float64
}

// newShape makes the schedule: floor is in requests a second; peak is the day's greatest
// rate as a multiple of it; day is the real time one day takes, 0 for the floor all along.
func newShape(floor, peak float64, day time.Duration) (*shape, error) {
	if floor < 1 || floor > maxRate || math.IsNaN(floor) {
		return nil, fmt.Errorf("--rate is %v: the load would be none, or more than this machine can send; give 1 to %d requests a second", floor, maxRate)
	}
	if peak < 1 || floor*peak > maxRate || math.IsNaN(peak) {
		return nil, fmt.Errorf("--peak is %v: the rate would fall below --rate, or rise above %d; give a multiple from 1", peak, maxRate)
	}
	if day != 0 && day < time.Second {
		return nil, fmt.Errorf("--day is %s: a day's shape needs time to be seen; give 1s or more, or 0 for a constant rate", day)
	}
	if day == 0 {
		return &shape{day: time.Hour, knots: []knot{{0, floor, 0}, {3600, floor, 3600 * floor}}}, nil
	}
	return &shape{day: day, knots: layOut(floor, peak, day)}, nil
}

func layOut(floor, peak float64, day time.Duration) []knot {
	step := day.Seconds() / float64(len(hours))
	knots := make([]knot, len(hours)+1)
	for at := range knots {
		height := hours[at%len(hours)]
		knots[at] = knot{at: float64(at) * step, rate: floor * (1 + (peak-1)*height)}
		if at > 0 {
			before := knots[at-1]
			knots[at].done = before.done + step*(before.rate+knots[at].rate)/2
		}
	}
	return knots
}

// due gives when request n (from 0) is due, after the start.
func (s *shape) due(n uint64) time.Duration {
	daily := s.knots[len(s.knots)-1].done
	days := math.Floor(float64(n) / daily)
	rest := float64(n) - days*daily
	next := sort.Search(len(s.knots)-1, func(at int) bool { return s.knots[at+1].done > rest })
	from, to := s.knots[next], s.knots[next+1]
	within := time.Duration((from.at + solve(from, to, rest-from.done)) * float64(time.Second))
	return time.Duration(days)*s.day + within
}

// solve gives after how many seconds from one knot so many more requests are due: the rate
// climbs linearly, so their number is a quadratic. Written so that a flat stretch divides by
// twice the rate, not by zero.
func solve(from, to knot, requests float64) float64 {
	slope := (to.rate - from.rate) / (to.at - from.at)
	return 2 * requests / (from.rate + math.Sqrt(from.rate*from.rate+2*slope*requests))
}

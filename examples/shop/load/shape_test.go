package main

import (
	"math"
	"testing"
	"time"
)

func mustShape(t *testing.T, floor, peak float64, day time.Duration) *shape {
	t.Helper()
	s, err := newShape(floor, peak, day)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAConstantRateIsConstant(t *testing.T) {
	s := mustShape(t, 500, 3, 0)
	for _, n := range []uint64{0, 1, 499, 500, 1_000_000, 4_999_999} {
		want := time.Duration(float64(n) / 500 * float64(time.Second))
		if got := s.due(n); (got - want).Abs() > time.Microsecond {
			t.Errorf("request %d is due at %s, want %s", n, got, want)
		}
	}
}

func TestTheScheduleNeverStandsStillNorFallsBelowTheFloor(t *testing.T) {
	const floor, peak = 500.0, 1.6
	s := mustShape(t, floor, peak, 10*time.Second)
	slowest, fastest := time.Duration(0), time.Hour
	before := s.due(0)
	for n := uint64(1); n < 20_000; n++ { // three days
		at := s.due(n)
		gap := at - before
		if gap <= 0 {
			t.Fatalf("request %d is due at %s, not after %s", n, at, before)
		}
		slowest, fastest, before = max(slowest, gap), min(fastest, gap), at
	}
	if rate := 1 / slowest.Seconds(); rate < floor*.999 {
		t.Errorf("the rate falls to %.1f, below the floor", rate)
	}
	if rate := 1 / fastest.Seconds(); math.Abs(rate-floor*peak) > floor*.02 {
		t.Errorf("the rate rises to %.1f, want %.1f", rate, floor*peak)
	}
}

func TestEveryDayHasTheSameShape(t *testing.T) {
	s := mustShape(t, 100, 2, 24*time.Second)
	daily := s.knots[len(s.knots)-1].done
	for n := uint64(0); n < 1000; n += 37 {
		today := s.due(n)
		tomorrow := s.due(n + uint64(math.Round(daily)))
		if (tomorrow - today - s.day).Abs() > 20*time.Millisecond {
			t.Errorf("request %d comes at %s and a day later at %s", n, today, tomorrow)
		}
	}
}

func TestAShapeThatCannotBeMeantIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		floor, peak float64
		day         time.Duration
	}{
		"no rate":               {0, 1, 0},
		"not a number":          {math.NaN(), 1, 0},
		"too fast":              {maxRate + 1, 1, 0},
		"too fast at its peak":  {maxRate, 1.1, time.Minute},
		"a peak below the rate": {100, .5, time.Minute},
		"a day of no time":      {100, 2, time.Millisecond},
	} {
		if _, err := newShape(c.floor, c.peak, c.day); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

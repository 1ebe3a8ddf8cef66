package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"switchyard.dev/shop/recommender/reference"
	"switchyard.dev/shop/recommender/taste"
)

// maxBody is the longest answer that is read; the longest right one has about 20 kB.
const maxBody = 1 << 20

// run sends the load and gives the report. Cancelling the context ends the run early:
// requests under way are waited for and counted.
func run(ctx context.Context, o options, progress io.Writer) (Report, error) {
	tastes, err := taste.Parse(reference.Model)
	if err != nil {
		return Report{}, err
	}
	samples, err := newSampleWriter(o.samples)
	if err != nil {
		return Report{}, fmt.Errorf("--samples is %q: what was measured could not be kept; give a path that can be written: %w", o.samples, err)
	}
	books := newLedger()
	attack := &attack{
		options: o, client: newClient(), tally: newTally(), samples: samples,
		checker: newChecker(tastes, books),
		plan:    newPlan(o, books, strconv.FormatInt(time.Now().UnixNano(), 36)),
		pacer:   &pacer{shape: o.shape, requests: o.requests},
	}
	err = attack.run(ctx, progress)
	if closed := samples.close(); err == nil {
		err = closed
	}
	return attack.report(), err
}

// attack is one run.
type attack struct {
	options options
	client  *client
	plan    *plan
	pacer   *pacer
	checker *checker
	tally   *tally
	samples *sampleWriter
}

func (a *attack) run(ctx context.Context, progress io.Writer) error {
	attacker := vegeta.NewAttacker(
		vegeta.Client(a.client.http(a.options.timeout)),
		vegeta.MaxWorkers(a.options.open()),
		vegeta.MaxBody(maxBody),
	)
	stop := context.AfterFunc(ctx, func() { attacker.Stop() })
	defer stop()
	results := attacker.Attack(a.plan.fill, a.pacer, 0, "")
	ticks := ticker(a.options.progress)
	var firstError error
	for {
		select {
		case result, more := <-results:
			if !more {
				return firstError
			}
			if err := a.take(result); err != nil && firstError == nil {
				firstError = err
				attacker.Stop()
			}
		case <-ticks:
			fmt.Fprintln(progress, a.line())
		}
	}
}

// ticker gives a channel that fires every interval, or never for 0.
func ticker(interval time.Duration) <-chan time.Time {
	if interval <= 0 {
		return nil
	}
	return time.Tick(interval)
}

// take checks one result and books it.
func (a *attack) take(result *vegeta.Result) error {
	n, ask, err := a.plan.take(result)
	if err != nil {
		return err
	}
	due := a.pacer.dueAt(result.Seq)
	ended := result.Timestamp.Add(result.Latency)
	taken := sample{
		n: n, due: due, sent: result.Timestamp, latency: ended.Sub(due),
		kind: ask.kind, status: result.Code, outcome: a.checker.check(ask, result),
	}
	a.tally.add(taken)
	return a.samples.write(taken)
}

func (a *attack) line() string {
	t := a.tally
	elapsed := time.Since(*a.pacer.began.Load())
	return fmt.Sprintf("%6.0fs  %d of %d requests, %.0f/s, failed %d, wrong %d, colours %v",
		elapsed.Seconds(), t.requests, a.options.requests, float64(t.requests)/elapsed.Seconds(),
		t.failed, t.wrong, t.colours)
}

func (a *attack) report() Report {
	var started time.Time
	if began := a.pacer.began.Load(); began != nil {
		started = *began
	}
	found := a.tally.report(started)
	found.Target, found.Seed, found.Planned = a.options.target, a.options.seed, a.options.requests
	found.Complete = found.Requests == found.Planned
	found.Connections, found.Replays = a.client.opened.Load(), a.client.replayed.Load()
	return found
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"time"
)

const (
	maxRequests = 5_000_000
	maxRate     = 20_000
	maxTime     = 4 * time.Hour
	maxTimeout  = time.Minute
	// maxOpen bounds the requests under way, each with a connection: below the 20,000 files
	// that a process may have open on the machines this was made for.
	maxOpen = 15_000
	// spareOpen are requests allowed under way beyond what the timeout implies.
	spareOpen = 64
)

// options are what the command line says, checked.
type options struct {
	target     string
	shopHost   string
	ordersHost string
	rate       float64
	peak       float64
	day        time.Duration
	requests   uint64
	seed       uint64
	timeout    time.Duration
	report     string
	samples    string
	progress   time.Duration
	shape      *shape
}

// parse reads the command line. flag.ErrHelp means that help was asked for and given.
func parse(arguments []string, output io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("shop-load", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&o.target, "target", "http://127.0.0.1:8080", "where the gateway listens; loopback only")
	flags.StringVar(&o.shopHost, "shop-host", "shop.localhost", "host name of the storefront")
	flags.StringVar(&o.ordersHost, "orders-host", "orders.localhost", "host name of the orders service")
	flags.Float64Var(&o.rate, "rate", 500, "least requests a second")
	flags.Float64Var(&o.peak, "peak", 1.25, "greatest rate of the day, as a multiple of --rate")
	flags.DurationVar(&o.day, "day", 0, "real time in which a day's shape is replayed, again and again; 0: constant rate")
	flags.Uint64Var(&o.requests, "requests", 100_000, "requests in all")
	flags.Uint64Var(&o.seed, "seed", 1, "which sequence of requests")
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, "a request without an answer by then has failed")
	flags.StringVar(&o.report, "report", "", "file for the report as JSON; empty: standard output")
	flags.StringVar(&o.samples, "samples", "", "file for one JSON line a request; empty: none")
	flags.DurationVar(&o.progress, "progress", 5*time.Second, "time between progress lines on standard error; 0: none")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no option: the load would not be the one meant; options begin with --", flags.Arg(0))
	}
	return o, o.check()
}

func (o *options) check() error {
	var errTarget, errShape error
	o.target, errTarget = loopbackTarget(o.target)
	o.shape, errShape = newShape(o.rate, o.peak, o.day)
	if err := errors.Join(errTarget, errShape); err != nil {
		return err
	}
	if o.requests < 1 || o.requests > maxRequests {
		return fmt.Errorf("--requests is %d: the run would not begin, or not end in reasonable time; give 1 to %d", o.requests, maxRequests)
	}
	if long := o.shape.due(o.requests); long > maxTime {
		return fmt.Errorf("--requests %d at --rate %v takes %s: more than the %s a run may take; ask for fewer or faster", o.requests, o.rate, long.Round(time.Second), maxTime)
	}
	if o.timeout <= 0 || o.timeout > maxTimeout {
		return fmt.Errorf("--timeout is %s: every request would fail, or a stall would go unseen; give up to %s", o.timeout, maxTimeout)
	}
	if o.open() > maxOpen {
		return fmt.Errorf("--timeout %s at up to %v requests a second means %d requests under way when the shop stalls, more than %d; lower one of them", o.timeout, o.greatestRate(), o.open(), maxOpen)
	}
	return nil
}

func (o *options) greatestRate() float64 {
	if o.day == 0 {
		return o.rate
	}
	return o.rate * o.peak
}

// open gives how many requests may be under way: so many that even a shop that answers
// nothing at all does not slow the schedule.
func (o *options) open() uint64 {
	return uint64(math.Ceil(o.greatestRate()*(o.timeout+dialTimeout).Seconds())) + spareOpen
}

// shop-load sends an open loop of requests to the shop and checks every answer.
//
// Open loop: every request has its time in a schedule that nothing can delay, and latency is
// counted from that time, so a shop that stalls cannot hide it by being asked less
// (coordinated omission; Tene, "How NOT to Measure Latency"). It sends to loopback alone.
//
//	shop-load --target http://127.0.0.1:8080 --rate 500 --requests 100000 --seed 7 \
//	    --day 240s --report out.json --samples out.ndjson
//
// Exit codes: 0 every answer was right; 1 some failed or were wrong; 2 usage, or the report
// could not be written. Interrupted, it still writes the report of what it sent.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(mainCode()) }

func mainCode() int {
	options, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	found, err := run(ctx, options, os.Stderr)
	if err = errors.Join(err, found.save(options.report)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	fmt.Fprintf(os.Stderr, "%d requests, %d failed, %d wrong\n", found.Requests, found.Failed, found.Wrong)
	if found.Failed+found.Wrong > 0 {
		return 1
	}
	return 0
}

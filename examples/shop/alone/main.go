// Command alone runs the shop on loopback without a cluster: a real PostgreSQL, the services
// of two colours as processes, and a small proxy in place of the gateway. For development,
// and for measuring what the shop itself costs.
//
//	go run ./alone -blue v1 -green v2 -live blue      # then: kill -USR1 <pid> flips the colour
//	go run ./alone -load "--rate 500 --requests 30000" -flips 4
//
// With -load it runs the load generator once, flips under load, prints what every process
// used, and ends. The proxy stands in for routing alone; figures of the real gateway are the
// yard's to give.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.blue, "blue", "v1", "variant of blue")
	flag.StringVar(&o.green, "green", "v2", "variant of green")
	flag.StringVar(&o.live, "live", "blue", "the colour that serves first")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8080", "where the proxy listens")
	flag.StringVar(&o.load, "load", "", "run the load generator with these options, then end")
	flag.IntVar(&o.flips, "flips", 0, "with -load: flip the colour so often, spread over the run")
	flag.BoolVar(&o.restart, "restart", false, "with -load: also replace the live colour's storefront after the flips")
	flag.Parse()
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	blue, green, live, listen, load string
	flips                           int
	restart                         bool
}

func (o options) run() error {
	if o.live != "blue" && o.live != "green" {
		return fmt.Errorf("-live is %q: no colour would serve; give blue or green", o.live)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	shop, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer shop.stop()
	if o.load != "" {
		return o.measure(ctx, shop)
	}
	fmt.Printf("open http://shop.localhost:%s (kill -USR1 %d flips, Ctrl-C ends)\n", strings.Split(o.listen, ":")[1], os.Getpid())
	flip := make(chan os.Signal, 1)
	signal.Notify(flip, syscall.SIGUSR1)
	for {
		select {
		case <-flip:
			fmt.Println("now serving:", shop.proxy.flip())
		case <-ctx.Done():
			return nil
		}
	}
}

// measure runs the load generator, flipping and restarting under it, and prints the costs.
func (o options) measure(ctx context.Context, shop *shop) error {
	before := time.Now()
	load, err := shop.launch(ctx, "shop-load", append([]string{"--target", "http://" + o.listen}, strings.Fields(o.load)...), nil)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- load.Wait() }()
	for done := 0; ; {
		select {
		case err := <-ended:
			used := shop.costs(time.Since(before))
			fmt.Printf("%-24s %5.1f %% of a core\n", "load generator", percent(load.ProcessState.UserTime()+load.ProcessState.SystemTime(), time.Since(before)))
			return errors.Join(err, used)
		case <-time.After(3 * time.Second):
			if done < o.flips {
				fmt.Println("flip: now serving", shop.proxy.flip())
				done++
			} else if o.restart {
				o.restart = false
				if err := shop.restart(ctx); err != nil {
					return err
				}
			}
		}
	}
}

package serving

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/fault"
	"switchyard.dev/shop/internal/release"
)

// Parts are what a service is built from.
type Parts struct {
	Router  *Router
	Release release.Release
	Fault   *fault.Fault
}

// Main is the main function of a service: it reads release and settings, builds the app and
// runs it. It exits 2 when it was built or configured wrongly and 1 when serving failed.
func Main(service string, build func(context.Context, Parts) (App, error)) {
	this := begin()
	settings, err := SettingsFromEnv()
	if err != nil {
		Refuse(err)
	}
	ctx := context.Background()
	stamp := catalogue.Stamp{Version: this.Version, Colour: settings.Colour}
	broken := fault.Of(this.Version)
	router := NewRouter(service, stamp, broken)
	app, err := build(ctx, Parts{Router: router, Release: this, Fault: broken})
	if err != nil {
		Refuse(err)
	}
	app.Handler, app.Metrics = router, router.Metrics()
	slog.Info("starting", "service", service, "version", this.Version, "colour", settings.Colour)
	if err := Run(ctx, app, settings); err != nil {
		slog.Error("serving failed", "error", err)
		os.Exit(1)
	}
	slog.Info("stopped")
}

// begin sets up the log, knows the release, and answers -version.
func begin() release.Release {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	this, err := release.Current()
	if err != nil {
		Refuse(err)
	}
	version := flag.Bool("version", false, "print the variant that was built and exit")
	flag.Parse()
	if *version {
		fmt.Println(this.Version)
		os.Exit(0)
	}
	return this
}

// Refuse says why the process cannot start and ends it with exit code 2.
func Refuse(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}

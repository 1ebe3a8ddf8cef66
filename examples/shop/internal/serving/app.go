// Package serving is the life of a service: listen, warm up, serve, and leave without
// failing one request. It writes no log line per request; metrics count them.
package serving

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// idleTimeout exceeds the idle timeouts of all clients: Envoy keeps upstream connections
	// for 1 h, the shop's own clients for 1 min. The client must be the one who closes;
	// else a request can meet a connection that is just being closed.
	idleTimeout       = 2 * time.Hour
	readHeaderTimeout = 10 * time.Second
	writeTimeout      = 30 * time.Second
	warmEvery         = 200 * time.Millisecond
	warmAttempt       = 2 * time.Second
)

// App is one service.
type App struct {
	// Handler serves the product's requests; the probes are added to it.
	Handler http.Handler
	// Metrics serves /metrics on the metrics address.
	Metrics http.Handler
	// Warm tries once to reach what the service needs. Readiness follows its first success.
	Warm func(context.Context) error
}

// Run serves the app until SIGTERM or SIGINT, then leaves gracefully. A second signal kills.
func Run(ctx context.Context, app App, settings Settings) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	main, err := net.Listen("tcp", settings.Listen)
	if err != nil {
		return err
	}
	metrics, err := net.Listen("tcp", settings.MetricsListen)
	if err != nil {
		return errors.Join(err, main.Close())
	}
	return newLife(app, settings).run(ctx, stop, main, metrics)
}

// life is one running app.
type life struct {
	settings Settings
	warm     func(context.Context) error
	gate     *gate
	requests *http.Server
	metrics  *http.Server
}

func newLife(app App, settings Settings) *life {
	l := &life{settings: settings, warm: app.Warm, gate: &gate{}}
	l.requests = &http.Server{
		Handler:           l.withProbes(app.Handler),
		ReadHeaderTimeout: readHeaderTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
	}
	l.metrics = &http.Server{Handler: metricsMux(app.Metrics, l.gate), ReadHeaderTimeout: readHeaderTimeout}
	return l
}

func (l *life) run(ctx context.Context, stop func(), requests, metrics net.Listener) error {
	failed := make(chan error, 2)
	go func() { failed <- l.requests.Serve(requests) }()
	go func() { failed <- l.metrics.Serve(metrics) }()
	go l.warmUp(ctx)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		stop()
		return l.leave()
	}
}

// warmUp opens the gate once what the service needs has answered.
func (l *life) warmUp(ctx context.Context) {
	ticker := time.NewTicker(warmEvery)
	defer ticker.Stop()
	var last string
	for {
		attempt, cancel := context.WithTimeout(ctx, warmAttempt)
		err := l.warm(attempt)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			if l.gate.open() {
				slog.Info("ready", "colour", l.settings.Colour)
			}
			return
		}
		if err.Error() != last {
			last = err.Error()
			slog.Info("warming", "waiting_for", last)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// leave fails readiness, serves on for the lame-duck time, in its second half asking clients
// to close their connections, and only then closes those that are left.
func (l *life) leave() error {
	slog.Info("stopping", "lame_duck", l.settings.LameDuck.String())
	l.gate.set(lameDuck)
	time.Sleep(l.settings.LameDuck / 2)
	l.gate.set(leaving)
	time.Sleep(l.settings.LameDuck - l.settings.LameDuck/2)
	l.requests.SetKeepAlivesEnabled(false)
	ctx, cancel := context.WithTimeout(context.Background(), l.settings.Drain)
	defer cancel()
	err := l.requests.Shutdown(ctx)
	return errors.Join(err, l.metrics.Close())
}

func (l *life) withProbes(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.gate.is(leaving) {
			w.Header().Set("Connection", "close")
		}
		switch r.URL.Path {
		case "/livez":
			l.gate.live(w, r)
		case "/readyz":
			l.gate.ready(w, r)
		default:
			handler.ServeHTTP(w, r)
		}
	})
}

func metricsMux(metrics http.Handler, g *gate) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /livez", g.live)
	mux.HandleFunc("GET /readyz", g.ready)
	return mux
}

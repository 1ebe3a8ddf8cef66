package serving

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/fault"
)

// running is a service under test, with its life in the test's hands.
type running struct {
	address, metrics string
	stop             context.CancelFunc
	ended            chan error
	release          chan struct{}
	warm             *atomic.Bool
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// run starts a service whose GET /slow waits to be released.
func run(t *testing.T, lameDuck time.Duration) running {
	t.Helper()
	requests, metrics := listen(t), listen(t)
	ctx, stop := context.WithCancel(context.Background())
	r := running{
		address: "http://" + requests.Addr().String(), metrics: "http://" + metrics.Addr().String(),
		stop: stop, ended: make(chan error, 1), release: make(chan struct{}), warm: &atomic.Bool{},
	}
	router := NewRouter("test", catalogue.Stamp{Version: "v1", Colour: "blue"}, fault.Of("v1"))
	router.Handle("GET /fast", "fast", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("done")) })
	router.Handle("GET /slow", "slow", func(w http.ResponseWriter, _ *http.Request) {
		<-r.release
		_, _ = w.Write([]byte("done"))
	})
	app := App{Handler: router, Metrics: router.Metrics(), Warm: func(context.Context) error {
		if !r.warm.Load() {
			return errors.New("not yet")
		}
		return nil
	}}
	life := newLife(app, Settings{Colour: "blue", LameDuck: lameDuck, Drain: 5 * time.Second})
	go func() { r.ended <- life.run(ctx, func() {}, requests, metrics) }()
	t.Cleanup(stop)
	return r
}

// status gets a path and gives status, body and whether the server closes the connection.
func status(t *testing.T, address string) (int, string, bool) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatalf("a request failed, which no client would forgive: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body), response.Close
}

// await polls a condition until it holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("never came: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (r running) readiness(t *testing.T) int {
	code, _, _ := status(t, r.address+"/readyz")
	return code
}

func TestAServiceIsAliveAtOnceAndReadyOnlyWhenWhatItNeedsAnswered(t *testing.T) {
	r := run(t, 0)
	if code, _, _ := status(t, r.address+"/livez"); code != http.StatusOK {
		t.Errorf("livez gave %d while warming: the pod would be killed", code)
	}
	if code := r.readiness(t); code != http.StatusServiceUnavailable {
		t.Errorf("readyz gave %d before the peers answered", code)
	}
	r.warm.Store(true)
	await(t, "readiness", func() bool { return r.readiness(t) == http.StatusOK })
}

func TestLeavingFailsReadinessFirstAndServesEveryRequestUntilTheEnd(t *testing.T) {
	r := run(t, 2*time.Second)
	r.warm.Store(true)
	await(t, "readiness", func() bool { return r.readiness(t) == http.StatusOK })
	underWay := make(chan int, 1)
	go func() {
		response, err := http.Get(r.address + "/slow")
		if err != nil {
			underWay <- 0
			return
		}
		_ = response.Body.Close()
		underWay <- response.StatusCode
	}()
	r.stop()
	await(t, "failing readiness", func() bool { return r.readiness(t) == http.StatusServiceUnavailable })
	if code, body, closes := status(t, r.address+"/fast"); code != http.StatusOK || body != "done" || closes {
		t.Errorf("lame duck gave %d %q, closing %v: it must serve as before", code, body, closes)
	}
	await(t, "closing connections", func() bool {
		code, _, closes := status(t, r.address+"/fast")
		return code == http.StatusOK && closes
	})
	close(r.release)
	if code := <-underWay; code != http.StatusOK {
		t.Errorf("the request under way got %d", code)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("leaving failed: %v", err)
	}
}

func TestEveryAnswerNamesColourAndVersionAndIsCounted(t *testing.T) {
	r := run(t, 0)
	response, err := http.Get(r.address + "/fast")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.Header.Get("x-shop-colour") != "blue" || response.Header.Get("x-shop-version") != "v1" {
		t.Errorf("headers: %v", response.Header)
	}
	if code, body, _ := status(t, r.address+"/nowhere"); code != http.StatusNotFound || body[0] != '{' {
		t.Errorf("an unknown address gave %d %q", code, body)
	}
	_, metrics, _ := status(t, r.metrics+"/metrics")
	want := `shop_requests_total{code="200",colour="blue",route="fast",service="test",version="v1"} 1`
	if !strings.Contains(metrics, want) {
		t.Errorf("the metrics lack %s", want)
	}
}

func TestSettingsRefuseWhatCannotBeMeant(t *testing.T) {
	for name, environment := range map[string]map[string]string{
		"no colour":         {},
		"another colour":    {"COLOUR": "red"},
		"an odd lame duck":  {"COLOUR": "blue", "LAME_DUCK": "soon"},
		"a negative drain":  {"COLOUR": "blue", "DRAIN": "-1s"},
		"a bare number too": {"COLOUR": "blue", "DRAIN": "5"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"COLOUR", "LAME_DUCK", "DRAIN"} {
				t.Setenv(variable, environment[variable])
			}
			if settings, err := SettingsFromEnv(); err == nil {
				t.Errorf("taken: %+v", settings)
			}
		})
	}
}

func TestTheIdleTimeoutExceedsThatOfEveryClient(t *testing.T) {
	const envoy = time.Hour // common_http_protocol_options.idle_timeout, its default
	life := newLife(App{Handler: http.NotFoundHandler(), Metrics: http.NotFoundHandler()}, Settings{})
	if life.requests.IdleTimeout <= envoy {
		t.Errorf("idle connections close after %s: a request of a gateway's pool could meet a closing one", life.requests.IdleTimeout)
	}
}

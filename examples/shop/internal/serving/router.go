package serving

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/fault"
)

// buckets span what a request takes in the yard (under 1 ms) to what a client gives up on.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

// Router routes requests to handlers, stamps every answer with version and colour, and
// counts and times it by route and status code.
type Router struct {
	// Stamp is what the answers say of who gave them.
	Stamp    catalogue.Stamp
	mux      *http.ServeMux
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	fault    *fault.Fault
	colour   []string
	version  []string
}

// NewRouter makes the router of one service; fault breaks its handlers in the broken variants.
func NewRouter(service string, stamp catalogue.Stamp, fault *fault.Fault) *Router {
	registry := prometheus.NewRegistry()
	fixed := prometheus.Labels{"service": service, "colour": stamp.Colour, "version": stamp.Version}
	r := &Router{
		Stamp: stamp, mux: http.NewServeMux(), registry: registry, fault: fault,
		colour: []string{stamp.Colour}, version: []string{stamp.Version},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shop_requests_total", Help: "Requests answered, by route and status code.", ConstLabels: fixed,
		}, []string{"route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "shop_request_duration_seconds", Help: "Time from request to answer.", ConstLabels: fixed, Buckets: buckets,
		}, []string{"route"}),
	}
	registry.MustRegister(r.requests, r.seconds, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	r.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		r.Fail(w, http.StatusNotFound, "there is nothing at this address")
	})
	return r
}

// Registry is where a service registers metrics of its own.
func (r *Router) Registry() *prometheus.Registry { return r.registry }

// Metrics serves what the router counted.
func (r *Router) Metrics() http.Handler {
	return promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{Registry: r.registry})
}

// Handle serves a ServeMux pattern; route is its name in the metrics.
func (r *Router) Handle(pattern, route string, handler http.HandlerFunc) {
	seconds := r.seconds.WithLabelValues(route)
	handler = r.fault.Wrap(handler, func(w http.ResponseWriter) {
		r.Fail(w, http.StatusInternalServerError, "broken on purpose: this build is a test of what watches it")
	})
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		began := time.Now()
		watched := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		handler(watched, req)
		seconds.Observe(time.Since(began).Seconds())
		r.requests.WithLabelValues(route, strconv.Itoa(watched.status)).Inc()
	})
}

// ServeHTTP stamps the answer and routes the request.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	// Assigned, not Set: the values are the same for every answer and need no new slices.
	w.Header()["X-Shop-Colour"] = r.colour
	w.Header()["X-Shop-Version"] = r.version
	r.mux.ServeHTTP(w, req)
}

// Answer writes a JSON answer.
func (r *Router) Answer(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		slog.Error("an answer could not be encoded", "error", err)
		r.Fail(w, http.StatusInternalServerError, "the answer could not be encoded")
		return
	}
	WriteJSON(w, status, body)
}

// Fail writes a JSON error.
func (r *Router) Fail(w http.ResponseWriter, status int, reason string) {
	r.Answer(w, status, catalogue.Failure{Stamp: r.Stamp, Error: reason})
}

var jsonType = []string{"application/json"}

// WriteJSON writes bytes that are JSON already.
func WriteJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// statusWriter remembers the status code written through it.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

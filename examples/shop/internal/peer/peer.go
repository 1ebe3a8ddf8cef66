// Package peer calls another service of the same colour: over kept connections, with a
// deadline, and once more when the connection or the peer's pod went away.
package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	attempts = 2
	// attemptTimeout bounds one try: two fit into the ten seconds that a client waits. It is
	// for connections that lead nowhere; were it near what a busy machine takes, the second
	// tries would keep it busy.
	attemptTimeout = 4 * time.Second
	dialTimeout    = time.Second
	// idleTimeout is far below the server's: the client closes idle connections first.
	idleTimeout  = time.Minute
	idleConns    = 64
	maxBodyBytes = 1 << 20
)

// Peer is a service to call. Every call made through it must be safe to repeat.
type Peer struct {
	name    string
	base    string
	client  *http.Client
	retries prometheus.Counter
}

// New makes a peer; base is its URL without a trailing slash.
func New(name, base string, registry prometheus.Registerer) *Peer {
	retries := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "shop_peer_retries_total", Help: "Calls to a peer that were tried a second time.",
		ConstLabels: prometheus.Labels{"peer": name},
	})
	registry.MustRegister(retries)
	return &Peer{name: name, base: base, retries: retries, client: &http.Client{Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext,
		MaxIdleConns:        idleConns,
		MaxIdleConnsPerHost: idleConns,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true,
	}}}
}

// Call is one request to a peer.
type Call struct {
	Method string
	Path   string
	Body   []byte
	// IdempotencyKey makes a POST safe to repeat.
	IdempotencyKey string
}

// Reply is what a peer answered.
type Reply struct {
	Status int
	Body   []byte
}

// Decode reads a reply with one of the wanted statuses as JSON into answer.
func (r Reply) Decode(answer any, wanted ...int) error {
	for _, status := range wanted {
		if r.Status == status {
			return json.Unmarshal(r.Body, answer)
		}
	}
	return fmt.Errorf("answered %d: %.200s", r.Status, r.Body)
}

// Do makes the call, a second time when the first met a broken connection, a timeout or a
// 502, 503 or 504; a reply with another status is returned as it came.
func (p *Peer) Do(ctx context.Context, call Call) (Reply, error) {
	var reply Reply
	var err error
	for attempt := 0; attempt < attempts; attempt++ {
		if attempt > 0 {
			p.retries.Inc()
		}
		reply, err = p.try(ctx, call)
		if ctx.Err() != nil || (err == nil && !passing(reply.Status)) {
			break
		}
	}
	if err != nil {
		return Reply{}, fmt.Errorf("%s: %w", p.name, err)
	}
	return reply, nil
}

func passing(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

func (p *Peer) try(ctx context.Context, call Call) (Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, call.Method, p.base+call.Path, bytes.NewReader(call.Body))
	if err != nil {
		return Reply{}, err
	}
	if len(call.Body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.IdempotencyKey != "" {
		request.Header.Set("Idempotency-Key", call.IdempotencyKey)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return Reply{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBodyBytes))
	return Reply{Status: response.StatusCode, Body: body}, err
}

// Ready asks the peer's readiness probe once.
func (p *Peer) Ready(ctx context.Context) error {
	reply, err := p.try(ctx, Call{Method: http.MethodGet, Path: "/readyz"})
	if err == nil && reply.Status != http.StatusOK {
		err = errors.New(http.StatusText(reply.Status))
	}
	if err != nil {
		return fmt.Errorf("%s is not ready: %w", p.name, err)
	}
	return nil
}

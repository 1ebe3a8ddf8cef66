package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

const (
	dialTimeout = 5 * time.Second
	// idleConns is how many connections are kept: more than 500 requests a second ever have
	// open at once, unless the shop stalls, and then the extra ones are closed again.
	idleConns   = 256
	idleTimeout = 30 * time.Second
)

// client sends the requests over kept connections, as a browser does: it follows no
// redirect, uses no proxy, and counts what Go's transport would otherwise do in silence.
type client struct {
	transport http.RoundTripper
	opened    atomic.Uint64
	replayed  atomic.Uint64
}

func newClient() *client {
	c := &client{}
	dialer := &net.Dialer{Timeout: dialTimeout, Control: loopbackOnly}
	c.transport = &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c.opened.Add(1)
			return dialer.DialContext(ctx, network, address)
		},
		MaxIdleConns:        idleConns,
		MaxIdleConnsPerHost: idleConns,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true,
	}
	return c
}

// http gives the client that vegeta uses. A request without an answer in time has failed.
func (c *client) http(timeout time.Duration) *http.Client {
	return &http.Client{
		Transport:     c,
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// RoundTrip sends a request and counts when it took more than one connection: the transport
// repeats a request (RFC 9110, 9.2.2: idempotent, or with an Idempotency-Key) when a kept
// connection turns out to be closed before a byte of the answer came.
func (c *client) RoundTrip(request *http.Request) (*http.Response, error) {
	connections := 0
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connections++ }}
	response, err := c.transport.RoundTrip(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	if connections > 1 {
		c.replayed.Add(uint64(connections - 1))
	}
	return response, err
}

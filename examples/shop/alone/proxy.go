package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// proxy routes by host name and live colour, as the gateway does, and like it stops using a
// process when its readiness fails.
type proxy struct {
	live   atomic.Pointer[string]
	server *http.Server
	mu     sync.RWMutex
	// backends are the ready addresses by colour and service.
	backends map[string]string
}

func newProxy(live, listen string) (*proxy, error) {
	p := &proxy{backends: map[string]string{}}
	p.live.Store(&live)
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, err
	}
	reverse := &httputil.ReverseProxy{
		Director:   p.direct,
		Transport:  &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute, DisableCompression: true},
		BufferPool: &buffers{},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil { // a client that left is no failure of ours
				fmt.Fprintln(os.Stderr, "proxy:", err)
			}
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	p.server = &http.Server{Handler: reverse, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

func (p *proxy) direct(r *http.Request) {
	service := "storefront"
	if strings.HasPrefix(r.Host, "orders.") {
		service = "orders"
	}
	r.URL.Scheme = "http"
	r.URL.Host = p.backend(*p.live.Load(), service)
}

func (p *proxy) backend(colour, service string) string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.backends[colour+"/"+service]
}

// use sends requests for a service of a colour to this address from now on.
func (p *proxy) use(colour, service, address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backends[colour+"/"+service] = address
}

// flip makes the other colour live and names it.
func (p *proxy) flip() string {
	other := "green"
	if *p.live.Load() == "green" {
		other = "blue"
	}
	p.live.Store(&other)
	return other
}

func (p *proxy) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return p.server.Shutdown(ctx)
}

// buffers lends the copying buffers of the reverse proxy.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if lent, ok := b.pool.Get().(*[]byte); ok {
		return *lent
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(back []byte) { b.pool.Put(&back) }

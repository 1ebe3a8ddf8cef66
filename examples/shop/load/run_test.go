package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// load runs the generator against a handler and gives report and samples.
func load(t *testing.T, ctx context.Context, handler http.HandlerFunc, arguments string) (Report, []map[string]any) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	path := filepath.Join(t.TempDir(), "samples")
	o, err := parse(append(strings.Fields(arguments), "--target", server.URL, "--samples", path), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := run(ctx, o, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	return found, readSamples(t, path)
}

func readSamples(t *testing.T, path string) []map[string]any {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var samples []map[string]any
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var one map[string]any
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		samples = append(samples, one)
	}
	return samples
}

func TestAStalledShopDoesNotSlowTheScheduleAndItsLatencyIsCountedFromWhenRequestsWereDue(t *testing.T) {
	// Nothing is answered until 300 requests wait at once. A closed loop would never get there:
	// it sends no more than its workers (vegeta begins with ten) before the first answer.
	const waiting = 300
	var arrived atomic.Int64
	resume := make(chan struct{})
	found, samples := load(t, t.Context(), func(_ http.ResponseWriter, r *http.Request) {
		if arrived.Add(1) == waiting {
			close(resume)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-resume:
		case <-r.Context().Done():
		}
	}, "--rate 200 --requests 400 --timeout 20s --progress 0")
	if found.Requests != 400 || !found.Complete || found.Statuses["0"] != 0 {
		t.Fatalf("of %d requests %d arrived before the first was answered: %v", found.Requests, arrived.Load(), found.Statuses)
	}
	waited := 0
	for _, one := range samples {
		late := one["sent_ns"].(float64) - one["due_ns"].(float64)
		if one["latency_ns"].(float64) < late {
			t.Fatalf("%v: the wait for being sent is missing from the latency", one)
		}
		if one["latency_ns"].(float64) > float64(50*time.Millisecond) {
			waited++
		}
	}
	if waited < waiting/2 { // 290 are due more than 50 ms before the stall ends, whatever the machine does
		t.Errorf("%d requests show the stall in their latency", waited)
	}
}

func TestRequestsWithoutAnAnswerInTimeHaveFailed(t *testing.T) {
	found, samples := load(t, t.Context(), func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server notices that a client left only after its body
		<-r.Context().Done()
	}, "--rate 100 --requests 20 --timeout 200ms --progress 0")
	if found.Failed != 20 || found.Statuses["0"] != 20 || len(found.Errors) == 0 {
		t.Errorf("%+v", found)
	}
	if samples[0]["outcome"] != "failed" || samples[0]["colour"] != "" {
		t.Errorf("%v", samples[0])
	}
}

func TestAnInterruptedRunEndsWithWhatItSent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	found, samples := load(t, ctx, func(http.ResponseWriter, *http.Request) {
		once.Do(func() { time.AfterFunc(200*time.Millisecond, cancel) })
	}, "--rate 100 --requests 100000 --progress 0")
	if found.Complete || found.Requests == 0 || found.Requests > 1000 || int(found.Requests) != len(samples) {
		t.Errorf("%d requests, %d samples, complete %v", found.Requests, len(samples), found.Complete)
	}
}

func TestAClosedConnectionIsReplayedAndSaidSo(t *testing.T) {
	var mu sync.Mutex
	answered := map[string]int{}
	found, _ := load(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		answered[r.RemoteAddr]++
		again := answered[r.RemoteAddr] == 2
		mu.Unlock()
		if again { // a server that leaves just as the second request of a connection comes
			if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = connection.Close()
			}
		}
	}, "--rate 50 --requests 20 --progress 0")
	if found.Replays == 0 || found.Statuses["200"] == 0 {
		t.Errorf("%d replays, statuses %v, errors %v", found.Replays, found.Statuses, found.Errors)
	}
}

// requests gives method, path, host and body of the first requests of a seed.
func requests(t *testing.T, seed string, count int) []string {
	t.Helper()
	o, err := parse([]string{"--seed", seed}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	plan := newPlan(o, newLedger(), "run")
	all := make([]string, count)
	for at := range all {
		var target vegeta.Target
		if err := plan.fill(&target); err != nil {
			t.Fatal(err)
		}
		all[at] = strings.Join([]string{target.Method, target.URL, target.Header.Get("Host"), target.Header.Get("Idempotency-Key"), string(target.Body)}, " ")
	}
	return all
}

func TestTheSeedDecidesTheRequests(t *testing.T) {
	if !slices.Equal(requests(t, "7", 1000), requests(t, "7", 1000)) {
		t.Error("the same seed gave other requests")
	}
	if slices.Equal(requests(t, "7", 1000), requests(t, "8", 1000)) {
		t.Error("another seed gave the same requests")
	}
}

func TestTheKindsComeInTheirShares(t *testing.T) {
	const count = 20_000
	seen := map[string]float64{}
	for _, one := range requests(t, "3", count) {
		path := strings.TrimPrefix(strings.Fields(one)[1], "http://127.0.0.1:8080")
		switch {
		case strings.HasPrefix(path, "/#"):
			seen["home"]++
		case strings.HasPrefix(path, "/api/catalogue"):
			seen["catalogue"]++
		case strings.HasPrefix(path, "/api/wines/"):
			seen["wine"]++
		case strings.HasPrefix(path, "/api/orders"):
			seen["order"]++
		default:
			seen["readback"]++
		}
	}
	for _, share := range mix {
		got, want := seen[share.kind.String()]/count, float64(share.weight)/100
		if got < want-.02 || got > want+.02 {
			t.Errorf("%s: %.3f of the requests, want %.2f", share.kind, got, want)
		}
	}
}

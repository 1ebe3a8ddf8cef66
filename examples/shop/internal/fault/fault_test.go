package fault

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"switchyard.dev/shop/catalogue"
)

// answers counts the statuses of many requests to a handler broken as the version says.
func answers(t *testing.T, version string, requests int) map[int]int {
	t.Helper()
	handler := Of(version).Wrap(
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) })
	seen := map[int]int{}
	for range requests {
		recorder := httptest.NewRecorder()
		handler(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
		seen[recorder.Code]++
	}
	return seen
}

func TestGoodVersionsBreakNothing(t *testing.T) {
	for _, version := range []string{"v1", "v2"} {
		if seen := answers(t, version, 1000); seen[http.StatusOK] != 1000 {
			t.Errorf("%s: %v", version, seen)
		}
		if Of(version).Price(100) != 100 {
			t.Errorf("%s changes prices", version)
		}
	}
}

func TestTheErrorsVariantFailsItsShare(t *testing.T) {
	const requests = 20_000
	failed := float64(answers(t, "errors", requests)[http.StatusInternalServerError]) / requests
	if failed < .04 || failed > .06 { // six standard deviations either way
		t.Errorf("%.4f of the requests failed, want about %v", failed, errorShare)
	}
}

func TestTheLatencyVariantTakesLonger(t *testing.T) {
	began := time.Now()
	answers(t, "latency", 1)
	if took := time.Since(began); took < extraLatency {
		t.Errorf("took %s, want at least %s", took, extraLatency)
	}
}

func TestTheLeakVariantKeepsMemory(t *testing.T) {
	leaking := Of("leak")
	handler := leaking.Wrap(func(http.ResponseWriter, *http.Request) {}, nil)
	for range 100 {
		handler(httptest.NewRecorder(), nil)
	}
	if len(leaking.leaked) != 100 || len(leaking.leaked[99]) != leakBytes {
		t.Errorf("%d blocks were kept, want 100", len(leaking.leaked))
	}
}

func TestTheWrongVariantIsWrongInItsShare(t *testing.T) {
	lying := Of("wrong")
	right := []catalogue.Neighbour{{ID: 1}, {ID: 2}}
	prices, orders := 0, 0
	for range 20_000 {
		if lying.Price(100) != 100 {
			prices++
		}
		if lying.Neighbours(right)[0].ID != 1 {
			orders++
		}
	}
	for _, wrong := range []int{prices, orders} {
		if share := float64(wrong) / 20_000; share < .04 || share > .06 {
			t.Errorf("%.4f of the answers are wrong, want about %v", share, wrongShare)
		}
	}
	if right[0].ID != 1 {
		t.Error("the right answer itself was changed")
	}
}

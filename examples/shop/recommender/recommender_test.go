package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/fault"
	"switchyard.dev/shop/internal/release"
	"switchyard.dev/shop/internal/serving"
)

// start builds the recommender of a version as its main function would.
func start(t *testing.T, version, model string) (*serving.Router, error) {
	t.Helper()
	t.Setenv("MODEL", model)
	this, err := release.Of(version)
	if err != nil {
		t.Fatal(err)
	}
	broken := fault.Of(version)
	router := serving.NewRouter("recommender", catalogue.Stamp{Version: version, Colour: "blue"}, broken)
	_, err = build(t.Context(), serving.Parts{Router: router, Release: this, Fault: broken})
	return router, err
}

func ask(t *testing.T, service http.Handler, path string, answer any) int {
	t.Helper()
	recorder := httptest.NewRecorder()
	service.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if err := json.Unmarshal(recorder.Body.Bytes(), answer); err != nil {
		t.Fatalf("%s: %v", recorder.Body, err)
	}
	return recorder.Code
}

func TestTheVersionsNameThreeAndFourNeighbours(t *testing.T) {
	for version, count := range map[string]int{"v1": 3, "v2": 4} {
		service, err := start(t, version, "reference/model.json")
		if err != nil {
			t.Fatal(err)
		}
		var similar catalogue.Similar
		if code := ask(t, service, "/similar/7", &similar); code != http.StatusOK || len(similar.Similar) != count || similar.ID != 7 {
			t.Errorf("%s: %d %+v", version, code, similar)
		}
	}
}

func TestUnknownWinesAreRefused(t *testing.T) {
	service, err := start(t, "v1", "reference/model.json")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/similar/0": http.StatusNotFound, "/similar/x": http.StatusNotFound, "/similar/179": http.StatusNotFound,
		"/score?wine=1": http.StatusBadRequest, "/score?wine=1&with=2": http.StatusOK,
	} {
		var failure catalogue.Failure
		if code := ask(t, service, path, &failure); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
}

func TestWithoutAUsableModelItDoesNotStart(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(broken, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, model := range []string{"/nowhere/model.json", broken} {
		if _, err := start(t, "v1", model); err == nil || !strings.Contains(err.Error(), model) {
			t.Errorf("%s: %v", model, err)
		}
	}
}

package main

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/fault"
	"switchyard.dev/shop/internal/serving"
	"switchyard.dev/shop/recommender/taste"
)

// recommender answers from a map that never changes while the process lives.
type recommender struct {
	tastes *taste.Map
	count  int
	fault  *fault.Fault
	router *serving.Router
}

func newRecommender(tastes *taste.Map, parts serving.Parts) *recommender {
	return &recommender{
		tastes: tastes, count: parts.Release.Rules.Similar, fault: parts.Fault, router: parts.Router,
	}
}

func (r *recommender) register() {
	r.router.Handle("GET /similar/{id}", "similar", r.similar)
	r.router.Handle("GET /score", "score", r.score)
	quality := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "shop_model_quality", Help: "What the model was measured to know of held-out wines, share of 1.",
	}, []string{"measure"})
	quality.WithLabelValues("cultivar_accuracy").Set(r.tastes.Quality.CultivarAccuracy)
	quality.WithLabelValues("same_cultivar_recommended").Set(r.tastes.Quality.SameCultivarRecommended)
	r.router.Registry().MustRegister(quality)
}

// similar answers GET /similar/{id}.
func (r *recommender) similar(w http.ResponseWriter, req *http.Request) {
	text := req.PathValue("id")
	id, err := strconv.Atoi(text)
	neighbours := r.tastes.Similar(id, r.count)
	if err != nil || neighbours == nil {
		r.router.Fail(w, http.StatusNotFound, fmt.Sprintf("there is no wine %q; ids are 1 to %d", text, len(catalogue.Wines())))
		return
	}
	r.router.Answer(w, http.StatusOK, catalogue.Similar{
		Stamp: r.router.Stamp, ID: id, Similar: r.fault.Neighbours(neighbours),
	})
}

// score answers GET /score?wine=1&with=2.
func (r *recommender) score(w http.ResponseWriter, req *http.Request) {
	query := req.URL.Query()
	wine, _ := strconv.Atoi(query.Get("wine"))
	with, _ := strconv.Atoi(query.Get("with"))
	distance, score, known := r.tastes.Score(wine, with)
	if !known {
		r.router.Fail(w, http.StatusBadRequest, fmt.Sprintf(
			"wine is %q and with is %q: two wines are compared; give two ids from 1 to %d",
			query.Get("wine"), query.Get("with"), len(catalogue.Wines())))
		return
	}
	r.router.Answer(w, http.StatusOK, catalogue.Score{
		Stamp: r.router.Stamp, Wine: wine, With: with, Distance: distance, Score: score,
	})
}

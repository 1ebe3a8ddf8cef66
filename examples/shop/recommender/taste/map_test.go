package taste

import (
	"bytes"
	"math"
	"testing"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/recommender/reference"
)

func trained(t *testing.T) *Map {
	t.Helper()
	tastes, err := Parse(reference.Model)
	if err != nil {
		t.Fatal(err)
	}
	return tastes
}

func TestNeighboursComeNearestFirstAndNeverTheWineItself(t *testing.T) {
	tastes := trained(t)
	for _, wine := range catalogue.Wines() {
		before := 0.0
		for _, neighbour := range tastes.Similar(wine.ID, 10) {
			if neighbour.ID == wine.ID {
				t.Fatalf("wine %d recommends itself", wine.ID)
			}
			if neighbour.Distance < before {
				t.Fatalf("wine %d: %v comes after a farther one", wine.ID, neighbour)
			}
			before = neighbour.Distance
		}
	}
}

func TestRecommendationsAreMostlyOfTheSameCultivar(t *testing.T) {
	tastes := trained(t)
	alike, all := 0, 0
	for _, wine := range catalogue.Wines() {
		for _, neighbour := range tastes.Similar(wine.ID, 3) {
			other, _ := catalogue.Find(neighbour.ID)
			if other.Cultivar == wine.Cultivar {
				alike++
			}
			all++
		}
	}
	if share := float64(alike) / float64(all); share < .9 {
		t.Errorf("%.3f of the recommended wines are of the cultivar asked for: nothing was learned", share)
	}
}

func TestScoreIsOneForAWineWithItselfAndSymmetric(t *testing.T) {
	tastes := trained(t)
	if _, score, known := tastes.Score(5, 5); !known || score != 1 {
		t.Errorf("score of a wine with itself is %v", score)
	}
	there, _, _ := tastes.Score(3, 99)
	back, _, _ := tastes.Score(99, 3)
	if there != back || math.IsNaN(there) {
		t.Errorf("distances are %v and %v", there, back)
	}
	if _, _, known := tastes.Score(0, 5); known {
		t.Error("wine 0 is known")
	}
}

func TestAModelThatDoesNotFitIsRefused(t *testing.T) {
	for name, broken := range map[string][]byte{
		"no JSON":           []byte("{"),
		"other format":      bytes.Replace(reference.Model, []byte(`"format":1`), []byte(`"format":2`), 1),
		"a wine is missing": bytes.Replace(reference.Model, []byte(`{"id":1,`), []byte(`{"id":7,`), 1),
		"empty":             []byte("{}"),
	} {
		if _, err := Parse(broken); err == nil {
			t.Errorf("%s: the model was taken", name)
		}
	}
}

// Package taste is the trained model at work: wines as places on a map learned by train.py,
// where near means alike in taste.
package taste

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sort"

	"switchyard.dev/shop/catalogue"
)

// format is the layout of the model file that this code reads.
const format = 1

// Quality is how well a space of places knows the held-out wines; shares of 1.
type Quality struct {
	CultivarAccuracy        float64 `json:"cultivar_accuracy"`
	SameCultivarRecommended float64 `json:"same_cultivar_recommended"`
}

// model is the file that train.py writes.
type model struct {
	Format    int         `json:"format"`
	Mean      []float64   `json:"mean"`
	Scale     []float64   `json:"scale"`
	Transform [][]float64 `json:"transform"`
	Quality   struct {
		Learned Quality `json:"learned"`
	} `json:"quality"`
	Wines []struct {
		ID       int       `json:"id"`
		Measured []float64 `json:"measured"`
	} `json:"wines"`
}

// Map holds the place of every wine, and all wines by distance from each.
type Map struct {
	// Quality is what the model was measured to know of held-out wines.
	Quality Quality
	places  [][]float64
	nearest [][]catalogue.Neighbour
}

// Parse reads a model and lays out the map; an error says what is wrong with the model.
func Parse(data []byte) (*Map, error) {
	var read model
	if err := json.Unmarshal(data, &read); err != nil {
		return nil, fmt.Errorf("the model is not readable, so nothing can be recommended; train it again: %w", err)
	}
	if err := read.check(); err != nil {
		return nil, fmt.Errorf("the model does not fit this shop, so nothing can be recommended; train it again: %w", err)
	}
	m := &Map{Quality: read.Quality.Learned, places: make([][]float64, len(read.Wines))}
	for index, wine := range read.Wines {
		m.places[index] = read.place(wine.Measured)
	}
	m.nearest = make([][]catalogue.Neighbour, len(m.places))
	for index := range m.places {
		m.nearest[index] = m.byDistance(index)
	}
	return m, nil
}

func (m model) check() error {
	if m.Format != format {
		return fmt.Errorf("format is %d, not %d", m.Format, format)
	}
	if len(m.Wines) != len(catalogue.Wines()) {
		return fmt.Errorf("it knows %d wines, the catalogue has %d", len(m.Wines), len(catalogue.Wines()))
	}
	width := len(m.Mean)
	if width == 0 || len(m.Scale) != width || len(m.Transform) == 0 {
		return errors.New("mean, scale and transform do not match")
	}
	for _, row := range m.Transform {
		if len(row) != width {
			return fmt.Errorf("a row of transform has %d figures, not %d", len(row), width)
		}
	}
	for index, wine := range m.Wines {
		if wine.ID != index+1 || len(wine.Measured) != width {
			return fmt.Errorf("wine %d has id %d and %d measurements, not %d", index+1, wine.ID, len(wine.Measured), width)
		}
	}
	return nil
}

// place maps measurements to the map. The products are converted one by one, which forbids
// fused multiplication: every processor must arrive at the same distances.
func (m model) place(measured []float64) []float64 {
	place := make([]float64, len(m.Transform))
	for axis, row := range m.Transform {
		for at, weight := range row {
			place[axis] += float64(weight * ((measured[at] - m.Mean[at]) / m.Scale[at]))
		}
	}
	return place
}

func (m *Map) byDistance(from int) []catalogue.Neighbour {
	others := make([]catalogue.Neighbour, 0, len(m.places)-1)
	for index := range m.places {
		if index != from {
			others = append(others, catalogue.Neighbour{ID: index + 1, Distance: m.distance(from, index)})
		}
	}
	sort.Slice(others, func(i, j int) bool {
		if others[i].Distance != others[j].Distance {
			return others[i].Distance < others[j].Distance
		}
		return others[i].ID < others[j].ID
	})
	return others
}

// distance is Euclidean, rounded to four decimals.
func (m *Map) distance(one, other int) float64 {
	var sum float64
	for axis, at := range m.places[one] {
		apart := at - m.places[other][axis]
		sum += float64(apart * apart)
	}
	return math.Round(math.Sqrt(sum)*1e4) / 1e4
}

// Similar gives the wines nearest to this one, nearest first; nil for an unknown wine.
func (m *Map) Similar(id, count int) []catalogue.Neighbour {
	if id < 1 || id > len(m.nearest) {
		return nil
	}
	return m.nearest[id-1][:count]
}

// Score gives distance and likeness (1 for the same place, towards 0 far away) of two wines
// and whether both are known.
func (m *Map) Score(one, other int) (distance, score float64, known bool) {
	if one < 1 || one > len(m.places) || other < 1 || other > len(m.places) {
		return 0, 0, false
	}
	distance = m.distance(one-1, other-1)
	return distance, math.Round(math.Exp(-distance)*1e4) / 1e4, true
}

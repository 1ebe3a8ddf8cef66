// Package catalogue is what the shop sells and what each version of the shop makes of it:
// the wines, the pricing rules, the pages and the shapes of the answers.
//
// Services serve from it and the load generator checks against it, so an answer is right
// when both computed the same thing from the same data.
package catalogue

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed wines.json
var winesJSON []byte

// Wine is one article. PriceCents is the price of one bottle; Alcohol is percent by volume.
type Wine struct {
	ID         int     `json:"id"`
	Name       string  `json:"name"`
	Cultivar   string  `json:"cultivar"`
	Alcohol    float64 `json:"alcohol"`
	PriceCents int64   `json:"price_cents"`
}

var wines = mustParse(winesJSON)

// mustParse panics on a broken embedded file: a binary with one must not start.
func mustParse(data []byte) []Wine {
	var parsed []Wine
	if err := json.Unmarshal(data, &parsed); err != nil {
		panic(fmt.Sprintf("catalogue: wines.json: %v", err))
	}
	for index, wine := range parsed {
		if wine.ID != index+1 {
			panic(fmt.Sprintf("catalogue: wines.json: wine %d has id %d; ids count from 1", index+1, wine.ID))
		}
	}
	return parsed
}

// Wines gives all wines by id. The slice is shared: do not change it.
func Wines() []Wine { return wines }

// Find gives the wine with this id, and whether there is one.
func Find(id int) (Wine, bool) {
	if id < 1 || id > len(wines) {
		return Wine{}, false
	}
	return wines[id-1], true
}

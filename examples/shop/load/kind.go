package main

import "math/rand/v2"

// kind is what a request does.
type kind uint8

const (
	kindHome kind = iota
	kindCatalogue
	kindWine
	kindOrder
	kindReadBack
	kindCount
	kinds
)

var kindNames = [kinds]string{"home", "catalogue", "wine", "order", "readback", "count"}

func (k kind) String() string { return kindNames[k] }

// mix holds the weights of the kinds, in percent. readback becomes count as long as no
// order was confirmed that could be read back.
var mix = []struct {
	kind   kind
	weight int
}{{kindHome, 20}, {kindCatalogue, 10}, {kindWine, 40}, {kindOrder, 18}, {kindReadBack, 12}}

func drawKind(random *rand.Rand) kind {
	left := random.IntN(100)
	for _, share := range mix {
		if left -= share.weight; left < 0 {
			return share.kind
		}
	}
	return kindWine
}

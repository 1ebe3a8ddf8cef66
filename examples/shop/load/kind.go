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

// mix holds the weights of the kinds, in percent: people look far more often than they buy. readback becomes count as long as no
// order was confirmed that could be read back.
var mix = []struct {
	kind   kind
	weight int
}{{kindHome, 30}, {kindCatalogue, 20}, {kindWine, 40}, {kindOrder, 5}, {kindReadBack, 5}}

func drawKind(random *rand.Rand) kind {
	left := random.IntN(100)
	for _, share := range mix {
		if left -= share.weight; left < 0 {
			return share.kind
		}
	}
	return kindWine
}

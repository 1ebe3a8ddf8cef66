// Package release knows which variant of the shop this binary was built as.
//
//	go build -ldflags "-X switchyard.dev/shop/internal/release.variant=v2" ./storefront
//
// v1 and v2 are the good ones. errors, latency, leak and wrong are v2 broken on purpose, one
// way each, so that what watches a release can be shown something to catch.
package release

import (
	"fmt"
	"strings"

	"switchyard.dev/shop/catalogue"
)

// variant is set by the linker; see the package comment.
var variant = "v1"

var variants = []string{"v1", "v2", "errors", "latency", "leak", "wrong"}

// Release is what one build is.
type Release struct {
	// Version is the variant's name, as answers and metrics carry it.
	Version string
	// Rules are the business rules of that version.
	Rules catalogue.Rules
}

// Current gives this binary's release, or an error when it was built with an unknown variant.
func Current() (Release, error) { return Of(variant) }

// Of gives the release with this variant's name.
func Of(name string) (Release, error) {
	rules, known := catalogue.RulesOf(name)
	if !known {
		return Release{}, fmt.Errorf(
			"built as unknown variant %q, so it does not know its own rules and will not start; build it with one of %s",
			name, strings.Join(variants, ", "))
	}
	return Release{Version: name, Rules: rules}, nil
}

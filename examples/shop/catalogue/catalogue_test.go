package catalogue

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestTheVersionsPriceSixBottlesDifferently(t *testing.T) {
	wine := Wine{ID: 1, PriceCents: 1005}
	v1, _ := RulesOf("v1")
	v2, _ := RulesOf("v2")
	for _, c := range []struct {
		name     string
		rules    Rules
		quantity int
		want     Quote
	}{
		{"v1 never discounts", v1, 12, Quote{12060, 0, 12060}},
		{"v2 below the threshold", v2, 5, Quote{5025, 0, 5025}},
		{"v2 from six bottles", v2, 6, Quote{6030, 603, 5427}},
		{"v2 rounds the discount down", v2, 7, Quote{7035, 703, 6332}},
	} {
		if got := c.rules.Quote(wine, c.quantity); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestBrokenVariantsPromiseWhatV2Promises(t *testing.T) {
	v2, _ := RulesOf("v2")
	for _, variant := range []string{"errors", "latency", "leak", "wrong"} {
		if rules, known := RulesOf(variant); !known || rules != v2 {
			t.Errorf("%s has other rules than v2: a checker would blame the catalogue for the fault", variant)
		}
	}
	if _, known := RulesOf("v3"); known {
		t.Error("an unknown version has rules")
	}
}

func TestThePagesOfTheVersionsDifferVisiblyAndAreCompletelyRendered(t *testing.T) {
	pages := map[string][]byte{}
	for _, version := range []string{"v1", "v2"} {
		rules, _ := RulesOf(version)
		page, err := HomePage(Stamp{Version: version, Colour: "green"}, rules)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{rules.Headline, rules.Accent, "green", "€30.30"} {
			if !bytes.Contains(page, []byte(part)) {
				t.Errorf("the page of %s lacks %q (template escaping eats unsafe values)", version, part)
			}
		}
		pages[version] = page
	}
	if bytes.Equal(pages["v1"], pages["v2"]) {
		t.Error("nobody could see which version serves")
	}
}

func TestTheListingHoldsEveryWine(t *testing.T) {
	rules, _ := RulesOf("v2")
	body, err := ListingPage(Stamp{Version: "v2", Colour: "blue"}, rules)
	if err != nil {
		t.Fatal(err)
	}
	var listing Listing
	if err := json.Unmarshal(body, &listing); err != nil {
		t.Fatal(err)
	}
	if len(listing.Wines) != len(Wines()) || listing.Colour != "blue" || listing.DiscountFrom != 6 {
		t.Errorf("%d wines, colour %s, discount from %d", len(listing.Wines), listing.Colour, listing.DiscountFrom)
	}
}

func TestOnlyWinesOfTheCatalogueAreFound(t *testing.T) {
	for _, id := range []int{-1, 0, len(Wines()) + 1} {
		if _, known := Find(id); known {
			t.Errorf("wine %d was found", id)
		}
	}
	if wine, known := Find(len(Wines())); !known || wine.ID != len(Wines()) {
		t.Error("the last wine was not found")
	}
}

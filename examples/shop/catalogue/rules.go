package catalogue

// Rules are the business rules in which the versions of the shop differ.
type Rules struct {
	// Similar is how many wines the recommender names for one wine.
	Similar int
	// DiscountFrom is the number of bottles from which the discount applies; 0 means never.
	DiscountFrom int
	// DiscountPercent is taken off the subtotal, rounded down to whole cents.
	DiscountPercent int64
	// Headline is what the front page says; it tells the versions apart at a glance.
	Headline string
	// Accent is the front page's colour as a CSS value.
	Accent string
	// KeepsDiscount says whether the version stores the discount: it needs the expanded schema.
	KeepsDiscount bool
}

var (
	firstRules = Rules{Similar: 3, Headline: "Piedmont, bottle by bottle", Accent: "#5b2333"}

	secondRules = Rules{
		Similar: 4, DiscountFrom: 6, DiscountPercent: 10, KeepsDiscount: true,
		Headline: "Six bottles or more: ten percent off", Accent: "#1d5c4f",
	}
)

// RulesOf gives the rules of a version, and whether the version is known. The deliberately
// broken versions promise what v2 promises; breaking the promise is what they are for.
func RulesOf(version string) (Rules, bool) {
	switch version {
	case "v1":
		return firstRules, true
	case "v2", "errors", "latency", "leak", "wrong":
		return secondRules, true
	default:
		return Rules{}, false
	}
}

// MaxQuantity is the most bottles one order may hold.
const MaxQuantity = 120

// Quote is the price of an order, in cents: Total = Subtotal - Discount.
type Quote struct {
	Subtotal int64
	Discount int64
	Total    int64
}

// Quote prices a number of bottles of one wine under these rules.
func (r Rules) Quote(wine Wine, quantity int) Quote {
	subtotal := wine.PriceCents * int64(quantity)
	var discount int64
	if r.DiscountFrom > 0 && quantity >= r.DiscountFrom {
		discount = subtotal * r.DiscountPercent / 100
	}
	return Quote{Subtotal: subtotal, Discount: discount, Total: subtotal - discount}
}

package catalogue

// Stamp is the part that every JSON answer has: which version and colour answered.
type Stamp struct {
	Version string `json:"version"`
	Colour  string `json:"colour"`
}

// Listing is the answer of GET /api/catalogue.
type Listing struct {
	Stamp
	DiscountFrom    int    `json:"discount_from,omitempty"`
	DiscountPercent int64  `json:"discount_percent,omitempty"`
	Wines           []Wine `json:"wines"`
}

// Neighbour is one recommended wine as the recommender names it.
type Neighbour struct {
	ID int `json:"id"`
	// Distance is the distance on the learned taste map, rounded to four decimals.
	Distance float64 `json:"distance"`
}

// Similar is the recommender's answer of GET /similar/{id}, nearest first.
type Similar struct {
	Stamp
	ID      int         `json:"id"`
	Similar []Neighbour `json:"similar"`
}

// Score is the recommender's answer of GET /score: how alike two wines taste, 1 for the same.
type Score struct {
	Stamp
	Wine     int     `json:"wine"`
	With     int     `json:"with"`
	Distance float64 `json:"distance"`
	Score    float64 `json:"score"`
}

// Recommended is one recommended wine as the storefront shows it.
type Recommended struct {
	Neighbour
	Name       string `json:"name"`
	PriceCents int64  `json:"price_cents"`
}

// Detail is the storefront's answer of GET /api/wines/{id}. Colours and Versions name who took
// part, in the order storefront, recommender, orders: calls must stay in their colour.
type Detail struct {
	Stamp
	Colours  []string      `json:"colours"`
	Versions []string      `json:"versions"`
	Wine     Wine          `json:"wine"`
	Similar  []Recommended `json:"similar"`
	// Ordered is how many orders of this wine there are, from both colours.
	Ordered int64 `json:"ordered"`
}

// OrderRequest is what POST /orders and POST /api/orders take.
type OrderRequest struct {
	Wine     int `json:"wine"`
	Quantity int `json:"quantity"`
}

// Order is an order as answered by the orders service. DiscountCents is null when the
// answering version knows no discounts.
type Order struct {
	Stamp
	ID            int64  `json:"id"`
	Wine          int    `json:"wine"`
	Quantity      int    `json:"quantity"`
	DiscountCents *int64 `json:"discount_cents,omitempty"`
	TotalCents    int64  `json:"total_cents"`
	// PlacedAt is when the order was stored, RFC 3339 with microseconds, UTC.
	PlacedAt string `json:"placed_at"`
}

// PlacedOrder is the storefront's answer of POST /api/orders: Colours and Versions name who
// took part, in the order storefront, orders.
type PlacedOrder struct {
	Order
	Colours  []string `json:"colours"`
	Versions []string `json:"versions"`
}

// Count is the answer of GET /orders/count; Wine is 0 when all orders are counted.
type Count struct {
	Stamp
	Wine  int   `json:"wine,omitempty"`
	Count int64 `json:"count"`
}

// Failure is the body of every answer that is not 2xx.
type Failure struct {
	Stamp
	Error string `json:"error"`
}

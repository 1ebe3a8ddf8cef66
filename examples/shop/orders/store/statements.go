package store

import "switchyard.dev/shop/catalogue"

// statements are the SQL of one version. Columns are always named: a statement prepared
// before an expand migration must mean the same after it.
type statements struct{ probe, insert, byKey, byID string }

const (
	// plainColumns stand in a null for the discount, which the first schema does not have.
	plainColumns    = "id, wine, quantity, NULL::bigint, total_cents, placed_at"
	discountColumns = "id, wine, quantity, discount_cents, total_cents, placed_at"
)

func statementsOf(rules catalogue.Rules) statements {
	columns := plainColumns
	insert := "INSERT INTO orders (idempotency_key, wine, quantity, total_cents) VALUES ($1, $2, $3, $4)"
	if rules.KeepsDiscount {
		columns = discountColumns
		insert = "INSERT INTO orders (idempotency_key, wine, quantity, total_cents, discount_cents) VALUES ($1, $2, $3, $4, $5)"
	}
	return statements{
		probe:  "SELECT " + columns + " FROM orders LIMIT 0",
		insert: insert + " ON CONFLICT (idempotency_key) DO NOTHING RETURNING " + columns,
		byKey:  "SELECT " + columns + " FROM orders WHERE idempotency_key = $1",
		byID:   "SELECT " + columns + " FROM orders WHERE id = $1",
	}
}

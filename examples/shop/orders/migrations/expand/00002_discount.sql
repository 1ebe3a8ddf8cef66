-- v2 stores the discount it gave. Nullable and without a default: v1, which goes on serving
-- beside v2, never names the column and inserts as before; and no row is rewritten.
-- +goose Up
ALTER TABLE orders ADD COLUMN discount_cents bigint CHECK (discount_cents >= 0);

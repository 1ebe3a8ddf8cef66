-- Once v1 is gone for good: every order has a discount, be it 0. From here v1 can no longer
-- insert, which is why this is a phase of its own. The check is added unvalidated and then
-- validated, so that no lock is held while the table is read; SET NOT NULL then trusts it.
-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_discount_known;
ALTER TABLE orders ADD CONSTRAINT orders_discount_known CHECK (discount_cents IS NOT NULL) NOT VALID;
UPDATE orders SET discount_cents = 0 WHERE discount_cents IS NULL;
ALTER TABLE orders VALIDATE CONSTRAINT orders_discount_known;
ALTER TABLE orders ALTER COLUMN discount_cents SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT orders_discount_known;

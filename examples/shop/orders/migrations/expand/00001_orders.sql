-- v1: the table itself.
-- +goose Up
CREATE TABLE orders (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    idempotency_key text        NOT NULL UNIQUE,
    wine            integer     NOT NULL,
    quantity        integer     NOT NULL CHECK (quantity > 0),
    total_cents     bigint      NOT NULL CHECK (total_cents > 0),
    placed_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_wine ON orders (wine);

// Package store keeps orders in PostgreSQL. Every operation may be repeated safely: placing
// an order is idempotent by its key, the others read.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"switchyard.dev/shop/catalogue"
)

const (
	// maxConns: two pods of two colours must fit into PostgreSQL's 100 connections with room.
	maxConns = 8
	minConns = 2
	// idleTime and lifetime keep the pool from holding on to a database that moved.
	idleTime       = 5 * time.Minute
	lifetime       = 30 * time.Minute
	connectTimeout = 2 * time.Second
	tries          = 2
)

// Order is an order as stored. DiscountCents is nil when a version without discounts placed it.
type Order struct {
	ID            int64
	Wine          int
	Quantity      int
	DiscountCents *int64
	TotalCents    int64
	PlacedAt      time.Time
}

var (
	// ErrUnknown says that there is no order with this id.
	ErrUnknown = errors.New("there is no such order")
	// ErrOtherOrder says that the key was used for an order with other contents.
	ErrOtherOrder = errors.New("the Idempotency-Key was used for another order")
)

// Store is the orders table as one version of the shop sees it.
type Store struct {
	pool  *pgxpool.Pool
	sql   statements
	rules catalogue.Rules
}

// Open makes a store on the database that the PG* environment variables name. It does not
// wait for the database: see Ready.
func Open(ctx context.Context, connection string, rules catalogue.Rules) (*Store, error) {
	config, err := pgxpool.ParseConfig(connection)
	if err != nil {
		return nil, fmt.Errorf("the database's settings are not usable, so no order could be kept; check the PG* variables: %w", err)
	}
	config.MaxConns, config.MinConns = maxConns, minConns
	config.MaxConnIdleTime, config.MaxConnLifetime = idleTime, lifetime
	config.ConnConfig.ConnectTimeout = connectTimeout
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &Store{pool: pool, sql: statementsOf(rules), rules: rules}, nil
}

// Close closes the connections.
func (s *Store) Close() { s.pool.Close() }

// Ready says whether the database answers and has the schema that this version needs.
func (s *Store) Ready(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, s.sql.probe); err != nil {
		return fmt.Errorf("the orders table is not as this version needs it (has `orders migrate` run?): %w", err)
	}
	return nil
}

// Place stores an order under its key and says whether it is new. The same key again gives
// the order that was stored first; with other contents it is refused.
func (s *Store) Place(ctx context.Context, key string, wine catalogue.Wine, quantity int) (order Order, created bool, err error) {
	quote := s.rules.Quote(wine, quantity)
	arguments := []any{key, wine.ID, quantity, quote.Total}
	if s.rules.KeepsDiscount {
		arguments = append(arguments, quote.Discount)
	}
	err = repeat(ctx, func() error {
		order, err = scan(s.pool.QueryRow(ctx, s.sql.insert, arguments...))
		created = err == nil
		if errors.Is(err, pgx.ErrNoRows) { // the key is taken
			order, err = scan(s.pool.QueryRow(ctx, s.sql.byKey, key))
		}
		return err
	})
	if err == nil && (order.Wine != wine.ID || order.Quantity != quantity) {
		return Order{}, false, ErrOtherOrder
	}
	return order, created, err
}

// Get gives the order with this id, or ErrUnknown.
func (s *Store) Get(ctx context.Context, id int64) (order Order, err error) {
	err = repeat(ctx, func() error {
		order, err = scan(s.pool.QueryRow(ctx, s.sql.byID, id))
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Order{}, ErrUnknown
	}
	return order, err
}

// Count counts the orders of one wine, or all orders when wine is 0.
func (s *Store) Count(ctx context.Context, wine int) (count int64, err error) {
	err = repeat(ctx, func() error {
		if wine == 0 {
			return s.pool.QueryRow(ctx, "SELECT count(*) FROM orders").Scan(&count)
		}
		return s.pool.QueryRow(ctx, "SELECT count(*) FROM orders WHERE wine = $1", wine).Scan(&count)
	})
	return count, err
}

func scan(row pgx.Row) (order Order, err error) {
	err = row.Scan(&order.ID, &order.Wine, &order.Quantity, &order.DiscountCents, &order.TotalCents, &order.PlacedAt)
	return order, err
}

// repeat tries once more what failed because the connection, not the database, said no.
func repeat(ctx context.Context, operation func() error) error {
	var err error
	for try := 0; try < tries; try++ {
		err = operation()
		var refused *pgconn.PgError
		answered := errors.As(err, &refused) || errors.Is(err, pgx.ErrNoRows)
		if err == nil || answered || ctx.Err() != nil {
			return err
		}
	}
	return err
}

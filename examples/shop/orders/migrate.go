package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"switchyard.dev/shop/internal/release"
	"switchyard.dev/shop/internal/serving"
	"switchyard.dev/shop/orders/migrations"
)

// migrateTimeout bounds a migration, waiting for the database included.
const migrateTimeout = 4 * time.Minute

// migrate is the command `orders migrate`. It exits 2 for bad usage and 1 for a failed change.
func migrate(arguments []string) {
	flags := flag.NewFlagSet("orders migrate", flag.ExitOnError)
	name := flags.String("phase", string(migrations.Expand), "expand (before a version starts) or contract (when the one before is gone)")
	_ = flags.Parse(arguments)
	phase := migrations.Phase(*name)
	if phase != migrations.Expand && phase != migrations.Contract {
		serving.Refuse(fmt.Errorf("phase is %q: the schema would not be changed; give expand or contract", *name))
	}
	this, err := release.Current()
	if err != nil {
		serving.Refuse(err)
	}
	if err := runMigrations(phase, this); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("the database has what %s needs (phase %s)\n", this.Version, phase)
}

func runMigrations(phase migrations.Phase, this release.Release) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, migrateTimeout)
	defer cancel()
	config, err := pgx.ParseConfig("")
	if err != nil {
		return err
	}
	parameter, value := migrations.LockTimeout()
	config.RuntimeParams[parameter] = value
	db := stdlib.OpenDB(*config)
	defer db.Close()
	if err := reach(ctx, db); err != nil {
		return err
	}
	return migrations.Run(ctx, db, phase, this.Rules)
}

// reach waits until the database answers: at the first start it is made at the same time.
func reach(ctx context.Context, db *sql.DB) error {
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("the database did not answer, so the schema is as before: %w", err), ctx.Err())
		case <-ticker.C:
		}
	}
}

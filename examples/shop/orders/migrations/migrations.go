// Package migrations changes the orders database in two phases. Expanding changes are
// tolerated by the version before; they run before a version's pods start. Contracting
// changes are not; they run, on request, when no pod of the version before is left.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"switchyard.dev/shop/catalogue"
)

// Phase is one of the two phases.
type Phase string

// The phases, and how far each version of the shop takes the schema in each.
const (
	Expand   Phase = "expand"
	Contract Phase = "contract"

	firstSchema    = 1
	discountSchema = 2
)

const (
	// lockTimeout bounds how long a change waits for a table: all requests queue behind it.
	lockTimeout = "500ms"
	// attempts and pause spread the tries at a busy table over about a minute.
	attempts = 60
	pause    = time.Second
	// lockNotAvailable is PostgreSQL's code for lock_timeout.
	lockNotAvailable = "55P03"
)

//go:embed expand/*.sql contract/*.sql
var files embed.FS

// ErrNothingToContract says that a version has no contract phase: it is the oldest.
var ErrNothingToContract = errors.New(
	"this version needs no contract phase, so nothing was changed; run it from the version that replaces this one")

// SchemaOf gives the expand migration up to which a version needs the database.
func SchemaOf(rules catalogue.Rules) int64 {
	if rules.KeepsDiscount {
		return discountSchema
	}
	return firstSchema
}

// Run takes the database as far as a version with these rules needs it in the phase. It may
// be repeated, and run from several places at once: an advisory lock lets one work at a time.
func Run(ctx context.Context, db *sql.DB, phase Phase, rules catalogue.Rules) error {
	target := SchemaOf(rules)
	if phase == Contract {
		if !rules.KeepsDiscount {
			return ErrNothingToContract
		}
		if err := Run(ctx, db, Expand, rules); err != nil {
			return err
		}
		target = 1
	}
	provider, err := newProvider(db, phase)
	if err != nil {
		return err
	}
	return patiently(ctx, func() error {
		_, err := provider.UpTo(ctx, target)
		return err
	})
}

func newProvider(db *sql.DB, phase Phase) (*goose.Provider, error) {
	folder, err := fs.Sub(files, string(phase))
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, folder,
		goose.WithSessionLocker(locker), goose.WithTableName("schema_"+string(phase)))
}

// patiently repeats a change that met a busy table.
func patiently(ctx context.Context, change func() error) error {
	for attempt := 1; ; attempt++ {
		err := change()
		var failure *pgconn.PgError
		if err == nil || !errors.As(err, &failure) || failure.Code != lockNotAvailable {
			return err
		}
		if attempt == attempts {
			return fmt.Errorf("the orders table stayed busy for %d tries, so the schema is as before; run the migration again when it is quieter: %w", attempts, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// LockTimeout is the run-time parameter that connections for migrations are opened with.
func LockTimeout() (name, value string) { return "lock_timeout", lockTimeout }

package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"switchyard.dev/shop/catalogue"
	"switchyard.dev/shop/internal/postgres"
	"switchyard.dev/shop/orders/store"
)

var server *postgres.Server

func TestMain(m *testing.M) {
	var err error
	server, err = postgres.Start(context.Background(), "fsync=off")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = server.Stop()
	os.Exit(code)
}

var wine, _ = catalogue.Find(1)

func rulesOf(version string) catalogue.Rules {
	rules, _ := catalogue.RulesOf(version)
	return rules
}

// empty gives an empty schema of its own, as search path of all that connects.
func empty(t *testing.T) (*sql.DB, string) {
	t.Helper()
	schema := fmt.Sprintf("t%d", time.Now().UnixNano())
	address := server.URL() + "&search_path=" + schema
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	name, value := LockTimeout()
	config.RuntimeParams[name] = value
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	return db, address
}

func migrate(t *testing.T, db *sql.DB, phase Phase, version string) {
	t.Helper()
	if err := Run(t.Context(), db, phase, rulesOf(version)); err != nil {
		t.Fatalf("%s of %s: %v", phase, version, err)
	}
}

func open(t *testing.T, address, version string) *store.Store {
	t.Helper()
	opened, err := store.Open(t.Context(), address, rulesOf(version))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened
}

func place(t *testing.T, in *store.Store, key string) error {
	t.Helper()
	_, _, err := in.Place(t.Context(), key, wine, 6)
	return err
}

func TestAStoreIsNotReadyBeforeItsExpandPhase(t *testing.T) {
	db, address := empty(t)
	v1, v2 := open(t, address, "v1"), open(t, address, "v2")
	if v1.Ready(t.Context()) == nil {
		t.Error("v1 is ready without a table")
	}
	migrate(t, db, Expand, "v1")
	if err := v1.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if v2.Ready(t.Context()) == nil {
		t.Error("v2 is ready without its column: it would fail at the first order")
	}
}

func TestV1ToleratesTheExpandedSchemaWithStatementsPreparedBefore(t *testing.T) {
	db, address := empty(t)
	migrate(t, db, Expand, "v1")
	v1 := open(t, address, "v1")
	if err := place(t, v1, "before"); err != nil {
		t.Fatal(err)
	}
	migrate(t, db, Expand, "v2")
	for _, key := range []string{"after", "after", "before"} {
		if err := place(t, v1, key); err != nil {
			t.Errorf("v1 cannot place %q once v2 has expanded: %v", key, err)
		}
	}
	if order, err := v1.Get(t.Context(), 1); err != nil || order.TotalCents != wine.PriceCents*6 {
		t.Errorf("%+v %v", order, err)
	}
}

func TestMigrationsMayRunAgainInAnyOrderAndAllAtOnce(t *testing.T) {
	db, address := empty(t)
	var everybody sync.WaitGroup
	for _, version := range []string{"v1", "v2", "v1", "v2"} {
		everybody.Go(func() {
			if err := Run(context.Background(), db, Expand, rulesOf(version)); err != nil {
				t.Errorf("%s: %v", version, err)
			}
		})
	}
	everybody.Wait()
	migrate(t, db, Expand, "v2")
	migrate(t, db, Expand, "v1") // a rollback's job: older than the database, so nothing to do
	if err := open(t, address, "v2").Ready(t.Context()); err != nil {
		t.Errorf("the older version's migration took something away: %v", err)
	}
}

func TestContractFillsOldOrdersAndEndsTheToleranceOfV1(t *testing.T) {
	db, address := empty(t)
	migrate(t, db, Expand, "v2")
	v1, v2 := open(t, address, "v1"), open(t, address, "v2")
	if err := place(t, v1, "old"); err != nil {
		t.Fatal(err)
	}
	migrate(t, db, Contract, "v2")
	migrate(t, db, Contract, "v2")
	if order, err := v2.Get(t.Context(), 1); err != nil || order.DiscountCents == nil || *order.DiscountCents != 0 {
		t.Errorf("the old order reads %+v, %v", order, err)
	}
	if err := place(t, v2, "new"); err != nil {
		t.Errorf("v2 cannot order after its own contract phase: %v", err)
	}
	if place(t, v1, "too late") == nil {
		t.Error("v1 still orders: then nothing was contracted, and this phase needs no gate")
	}
}

func TestV1HasNothingToContract(t *testing.T) {
	db, _ := empty(t)
	if err := Run(t.Context(), db, Contract, rulesOf("v1")); !errors.Is(err, ErrNothingToContract) {
		t.Errorf("got %v", err)
	}
}

func TestAMigrationWaitsForABusyTableWithoutStoppingItsReaders(t *testing.T) {
	db, address := empty(t)
	migrate(t, db, Expand, "v1")
	v1 := open(t, address, "v1")
	busy, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := busy.Exec("SELECT count(*) FROM orders"); err != nil { // holds a lock until it ends
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- Run(context.Background(), db, Expand, rulesOf("v2")) }()
	for range 3 {
		began := time.Now()
		if err := place(t, v1, fmt.Sprint("meanwhile-", began.UnixNano())); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("an order waited %s behind the migration's lock", took)
		}
	}
	select {
	case err := <-ended:
		t.Fatalf("the migration ended under the lock: %v", err)
	default:
	}
	if err := busy.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The orders service keeps orders in the twin's PostgreSQL, which both colours share.
//
//	orders                           serve
//	orders migrate                   run the expand migrations this version needs, and exit
//	orders migrate --phase contract  run the contract migrations, and exit
//
// The database is named by PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE.
package main

import (
	"context"
	"fmt"
	"os"

	"switchyard.dev/shop/internal/serving"
	"switchyard.dev/shop/orders/store"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "migrate" {
		migrate(os.Args[2:])
		return
	}
	serving.Main("orders", build)
}

func build(ctx context.Context, parts serving.Parts) (serving.App, error) {
	for _, name := range []string{"PGHOST", "PGUSER", "PGDATABASE"} {
		if os.Getenv(name) == "" {
			return serving.App{}, fmt.Errorf("%s is empty: orders would be kept in whatever database happens to answer; set it", name)
		}
	}
	kept, err := store.Open(ctx, "", parts.Release.Rules)
	if err != nil {
		return serving.App{}, err
	}
	newOrders(parts, kept).register()
	return serving.App{Warm: kept.Ready}, nil
}

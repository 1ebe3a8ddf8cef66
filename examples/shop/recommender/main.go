// The recommender names wines that taste like a given one, by a trained model.
package main

import (
	"context"
	"fmt"
	"os"

	"switchyard.dev/shop/internal/serving"
	"switchyard.dev/shop/recommender/taste"
)

func main() { serving.Main("recommender", build) }

func build(_ context.Context, parts serving.Parts) (serving.App, error) {
	path := serving.Env("MODEL", "/model.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return serving.App{}, fmt.Errorf("MODEL is %q: without a model nothing can be recommended; give the path of a model that train.py wrote: %w", path, err)
	}
	tastes, err := taste.Parse(data)
	if err != nil {
		return serving.App{}, fmt.Errorf("MODEL is %q: %w", path, err)
	}
	newRecommender(tastes, parts).register()
	return serving.App{Warm: func(context.Context) error { return nil }}, nil
}

// The storefront is what customers see: pages, the catalogue, and the way to an order.
package main

import (
	"context"

	"switchyard.dev/shop/internal/peer"
	"switchyard.dev/shop/internal/serving"
)

func main() { serving.Main("storefront", build) }

func build(_ context.Context, parts serving.Parts) (serving.App, error) {
	registry := parts.Router.Registry()
	orders := peer.New("orders", serving.Env("ORDERS_URL", "http://orders:8080"), registry)
	recommender := peer.New("recommender", serving.Env("RECOMMENDER_URL", "http://recommender:8080"), registry)
	shop, err := newStorefront(parts, orders, recommender)
	if err != nil {
		return serving.App{}, err
	}
	shop.register()
	return serving.App{Warm: shop.warm}, nil
}

// Package main is the Kubernetes provider of Pulumi, served with the schema its module commits.
//
// Upstream's own main embeds two files that a generator writes and the module does not hold. The
// builder of tools/ copies schema.json and terraform-mapping.json from the module beside this file,
// in a build folder outside the checkout.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, mapping)
}

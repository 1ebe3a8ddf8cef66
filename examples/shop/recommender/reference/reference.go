// Package reference embeds the committed model, for what checks a recommender from outside
// without asking it. The recommender itself serves from the model file baked into its image.
package reference

import _ "embed"

// Model is the model file as train.py writes it.
//
//go:embed model.json
var Model []byte

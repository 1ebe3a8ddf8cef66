package catalogue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
)

// shown is how many wines the front page shows; the whole catalogue is one request further.
const shown = 24

var home = template.Must(template.New("home").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The wine shop ({{.Stamp.Version}})</title>
<style>body{font:16px/1.5 Georgia,serif;margin:0 auto;max-width:52rem;padding:1rem}
header{border-bottom:.4rem solid {{.Rules.Accent}}}li{margin:.2rem 0}
.colour{background:{{.Stamp.Colour}};color:#fff;padding:0 .5rem;border-radius:.3rem}</style></head>
<body><header><h1>The wine shop</h1><p>{{.Rules.Headline}}</p></header>
<ul>{{range .Wines}}
<li><a href="/api/wines/{{.ID}}">{{.Name}}</a> {{.Alcohol}} % · {{.Price}}</li>{{end}}
</ul><footer>version {{.Stamp.Version}} · <span class="colour">{{.Stamp.Colour}}</span></footer></body></html>
`))

type homeWine struct {
	Wine
	Price string
}

// HomePage renders the front page. It is a function of the stamp alone, so it is rendered
// once a process and served from memory.
func HomePage(stamp Stamp, rules Rules) ([]byte, error) {
	var page bytes.Buffer
	err := home.Execute(&page, struct {
		Stamp Stamp
		Rules Rules
		Wines []homeWine
	}{stamp, rules, priced(wines[:shown])})
	return page.Bytes(), err
}

func priced(some []Wine) []homeWine {
	list := make([]homeWine, len(some))
	for index, wine := range some {
		euros := fmt.Sprintf("€%d.%02d", wine.PriceCents/100, wine.PriceCents%100)
		list[index] = homeWine{Wine: wine, Price: euros}
	}
	return list
}

// ListingPage renders the answer of GET /api/catalogue; like the front page, once a process.
func ListingPage(stamp Stamp, rules Rules) ([]byte, error) {
	return json.Marshal(Listing{
		Stamp: stamp, DiscountFrom: rules.DiscountFrom,
		DiscountPercent: rules.DiscountPercent, Wines: wines,
	})
}

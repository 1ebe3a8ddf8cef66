package release

import (
	"strings"
	"testing"
)

func TestEveryVariantThatIsNamedCanBeBuilt(t *testing.T) {
	for _, variant := range variants {
		if this, err := Of(variant); err != nil || this.Version != variant {
			t.Errorf("%s: %+v, %v", variant, this, err)
		}
	}
}

func TestAnUnknownVariantIsRefusedWithTheKnownOnes(t *testing.T) {
	_, err := Of("v9")
	if err == nil || !strings.Contains(err.Error(), `"v9"`) || !strings.Contains(err.Error(), "v1, v2") {
		t.Errorf("the error must name value and fix: %v", err)
	}
}

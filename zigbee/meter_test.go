package zigbee

import (
	"testing"

	"gatehouse/zigbee/zcl"
)

func TestCount(t *testing.T) {
	none := zcl.Value{}
	for _, tt := range []struct {
		multiplier, divisor zcl.Value
		want                float64
	}{
		{none, none, 1},
		{zcl.Of(zcl.Uint16, 1), zcl.Of(zcl.Uint16, 10), 0.1},
		{zcl.Of(zcl.Uint24, 1), zcl.Of(zcl.Uint24, 1000), 0.001},
		{zcl.Of(zcl.Uint16, 0xFFFF), zcl.Of(zcl.Uint16, 4), 0.25},
		{zcl.Of(zcl.Uint16, 3), zcl.Of(zcl.Uint16, 0), 3},
	} {
		if got := count(tt.multiplier, tt.divisor); got != tt.want {
			t.Errorf("%v by %v: %v, want %v", tt.multiplier, tt.divisor, got, tt.want)
		}
	}
}

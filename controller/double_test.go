package controller

import "testing"

func TestDouble(t *testing.T) {
	t.Parallel()
	// The right column is what Double.toString prints.
	for f, want := range map[float64]string{
		0: "0.0", 1: "1.0", -1: "-1.0", 0.5: "0.5", 100: "100.0", 0.001: "0.001", 0.0001: "1.0E-4",
		1e7: "1.0E7", 9999999: "9999999.0", 12345678.5: "1.23456785E7", -2.5e-5: "-2.5E-5",
	} {
		if got := string(appendDouble(nil, f)); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

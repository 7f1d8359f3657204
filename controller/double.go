package controller

import (
	"slices"
	"strconv"
)

// double is a number that clients know as a Java double: 1 is written 1.0.
type double float64

// MarshalJSON implements json.Marshaler.
func (d double) MarshalJSON() ([]byte, error) { return appendDouble(nil, float64(d)), nil }

// float is a number that clients know as a Java float.
type float float32

// MarshalJSON implements json.Marshaler.
func (x float) MarshalJSON() ([]byte, error) {
	n, err := strconv.ParseFloat(strconv.FormatFloat(float64(x), 'g', -1, 32), 64)
	return appendDouble(nil, n), err
}

// appendDouble appends f as Jackson writes a double: the shortest digits that
// read back as f, with a point always, and an exponent from 10^7 up and below
// 10^-3 (Double.toString).
func appendDouble(b []byte, f float64) []byte {
	abs := max(f, -f)
	if abs != 0 && (abs >= 1e7 || abs < 1e-3) {
		return appendExponent(b, f)
	}
	n := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	if slices.Contains(b[n:], '.') {
		return b
	}
	return append(b, '.', '0')
}

// appendExponent writes d.dE-n, where Go would write d.de-0n.
func appendExponent(b []byte, f float64) []byte {
	s := strconv.FormatFloat(f, 'E', -1, 64)
	mant, exp := s, ""
	for i := range len(s) {
		if s[i] == 'E' {
			mant, exp = s[:i], s[i+1:]
		}
	}
	b = append(b, mant...)
	if len(mant) < 3 { // one digit, perhaps with a sign, and no point
		b = append(b, '.', '0')
	}
	n, err := strconv.Atoi(exp)
	if err != nil { // FormatFloat writes digits
		return b
	}
	return strconv.AppendInt(append(b, 'E'), int64(n), 10)
}

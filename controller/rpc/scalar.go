package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// SDKs of all languages send what Jackson takes: a number as a text, a text as a
// number, null for anything. These types read it so.

// Text is a text that may come as a number or a boolean, and as null.
type Text string

// Int is a whole number that may come as a text.
type Int int64

// Float is a number that may come as a text.
type Float float64

// Bool may come as a text.
type Bool bool

var errScalar = errors.New("not a value of that kind")

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '"':
		return json.Unmarshal(b, (*string)(t))
	case 'n':
	case '{', '[':
		return errScalar
	default:
		*t = Text(b)
	}
	return nil
}

// scalar is the text of a number or a boolean, "" for null.
func scalar(b []byte) (s string, err error) {
	switch b[0] {
	case '"':
		err = json.Unmarshal(b, &s)
		return strings.TrimSpace(s), err
	case 'n':
		return "", nil
	case '{', '[':
		return "", errScalar
	default:
		return string(b), nil
	}
}

// UnmarshalJSON implements json.Unmarshaler.
func (i *Int) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	if err != nil || s == "" {
		*i = 0
		return err
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil { // Jackson cuts fractions off
		f, ferr := strconv.ParseFloat(s, 64)
		if ferr != nil || f < -1<<53 || f > 1<<53 {
			return errScalar
		}
		n = int64(f)
	}
	*i = Int(n)
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Float) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	if err != nil || s == "" {
		*f = 0
		return err
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n != n || n > 1e300 || n < -1e300 { // JSON has no infinity to answer with
		return errScalar
	}
	*f = Float(n)
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *Bool) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	if err != nil {
		return err
	}
	switch s {
	case "true", "True", "TRUE":
		*v = true
	case "false", "False", "FALSE", "":
		*v = false
	default:
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return errScalar
		}
		*v = n != 0
	}
	return nil
}

// decode reads the JSON value at the start of body into v. What follows it is
// ignored, as by Jackson.
func decode(body []byte, v any) error {
	if lead := bytes.TrimLeft(body, " \t\r\n"); bytes.HasPrefix(lead, []byte("null")) {
		return errNull
	}
	if json.NewDecoder(bytes.NewReader(body)).Decode(v) != nil {
		return errBody
	}
	return nil
}

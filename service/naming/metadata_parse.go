package naming

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pharos-registry/pharos/service"
)

// maxQuote bounds, in bytes, what an error repeats of a client's text.
const maxQuote = 256

// Quote is as much of a client's text as an error may repeat.
func Quote(text string) string {
	if len(text) <= maxQuote {
		return text
	}
	return strings.ToValidUTF8(text[:maxQuote], "") + "..."
}

// ParseMetadata reads metadata as clients send it: a JSON object of texts, or
// k=v,k2=v2. Blank is empty. Strings of the result may share memory with raw.
func ParseMetadata(raw string) (*Metadata, error) {
	if strings.TrimSpace(raw) == "" {
		return nil, nil //nolint:nilnil // nil is the empty Metadata
	}
	pairs, err := parseJSONPairs(raw)
	if err == nil {
		return NewMetadata(pairs), nil
	}
	for piece := range strings.SplitSeq(raw, ",") {
		k, v, ok := strings.Cut(piece, "=")
		// a= and a=b=c are not pairs for the reference's split
		if !ok || v == "" || strings.Contains(v, "=") {
			return nil, service.Errorf(service.BadMetadata, "metadata format incorrect:%s", Quote(raw))
		}
		pairs = append(pairs, Pair{Name: k, Value: v})
	}
	return NewMetadata(pairs), nil
}

var errNotPairs = errors.New("not an object of texts")

// parseJSONPairs reads a JSON object whose values are scalars; numbers and
// booleans become texts, as in Jackson.
func parseJSONPairs(raw string) ([]Pair, error) {
	var obj map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &obj); err != nil {
		return nil, err
	}
	if obj == nil { // the literal null
		return nil, errNotPairs
	}
	pairs := make([]Pair, 0, len(obj))
	for k, v := range obj {
		p := Pair{Name: k}
		switch v = bytes.TrimSpace(v); v[0] {
		case '{', '[':
			return nil, errNotPairs
		case '"':
			if err := json.Unmarshal(v, &p.Value); err != nil {
				return nil, err
			}
		case 'n':
			p.Null = true
		default:
			p.Value = string(v)
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

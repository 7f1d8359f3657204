package cmdb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"
	"unique"
)

// MaxSize bounds the text that labels are read from, in bytes.
const MaxSize = 16 << 20

// Table is the labels by address.
type Table map[string]map[string]string

// Parse reads labels. A text that begins with a brace is JSON, an object of
// addresses with an object of labels each:
//
//	{"10.0.0.1": {"zone": "a", "rack": "7"}}
//
// Any other has one address a line, with its labels; # begins a comment:
//
//	10.0.0.1 = zone=a, rack=7
func Parse(text []byte) (Table, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	switch {
	case len(text) > MaxSize:
		return nil, fmt.Errorf("labels: more than %d bytes", MaxSize)
	case !utf8.Valid(text):
		return nil, errors.New("labels: the text is not UTF-8")
	case bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")):
		return parseJSON(text)
	default:
		return parseLines(string(text))
	}
}

func parseJSON(text []byte) (Table, error) {
	raw := Table{}
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	t := make(Table, len(raw))
	for address, labels := range raw {
		if err := t.add(address, labels); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func parseLines(text string) (Table, error) {
	t := Table{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		address, list, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("labels: line %d has no =", n)
		}
		labels, err := parseList(list)
		if err == nil {
			err = t.add(address, labels)
		}
		if err != nil {
			return nil, fmt.Errorf("%w (line %d)", err, n)
		}
	}
	return t, nil
}

// parseList reads label=value, label=value.
func parseList(list string) (map[string]string, error) {
	labels := map[string]string{}
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		name, value, ok := strings.Cut(item, "=")
		if !ok {
			return nil, fmt.Errorf("labels: %.80q is not label=value", item)
		}
		labels[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return labels, nil
}

// add puts an address in. Few names and values stand for many addresses, so one
// copy of each is kept.
func (t Table) add(address string, labels map[string]string) error {
	address = canonical(strings.TrimSpace(address))
	if address == "" {
		return errors.New("labels: an address is empty")
	}
	if _, ok := t[address]; ok {
		return fmt.Errorf("labels: %.80q is there twice", address)
	}
	own := make(map[string]string, len(labels))
	for name, value := range labels {
		if name == "" {
			return fmt.Errorf("labels: %.80q has a label without a name", address)
		}
		own[unique.Make(name).Value()] = unique.Make(value).Value()
	}
	t[address] = own
	return nil
}

// canonical is one spelling of an address; a host name stays as it is.
func canonical(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil {
		return ip.Unmap().String()
	}
	return address
}

package raftlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Formats of a log entry. They are only ever added; an unknown one stops the
// node.
const (
	formatSingle byte = 1 // [1][kind][data]
	formatPacked byte = 2 // [2] then for each command [kind][length][data]
)

var errEntry = errors.New("ill-formed log entry")

// item is one command of an entry.
type item struct {
	kind Kind
	data []byte
}

// encodeEntry makes one log entry of commands.
func encodeEntry(items []item) []byte {
	if len(items) == 1 {
		b := make([]byte, 0, 2+len(items[0].data))
		b = append(b, formatSingle, byte(items[0].kind))
		return append(b, items[0].data...)
	}
	size := 1
	for _, it := range items {
		size += 1 + binary.MaxVarintLen32 + len(it.data)
	}
	b := append(make([]byte, 0, size), formatPacked)
	for _, it := range items {
		b = append(b, byte(it.kind))
		b = binary.AppendUvarint(b, uint64(len(it.data)))
		b = append(b, it.data...)
	}
	return b
}

// decodeEntry reads what encodeEntry wrote. Data shares b's memory.
func decodeEntry(b []byte) ([]item, error) {
	if len(b) == 0 {
		return nil, errEntry
	}
	switch b[0] {
	case formatSingle:
		if len(b) < 2 {
			return nil, errEntry
		}
		return []item{{Kind(b[1]), b[2:]}}, nil
	case formatPacked:
		return decodePacked(b[1:])
	default:
		return nil, fmt.Errorf("%w: format %d is not known", errEntry, b[0])
	}
}

func decodePacked(b []byte) ([]item, error) {
	var out []item
	for len(b) > 0 {
		k := Kind(b[0])
		data, rest, err := takeBytes(b[1:])
		if err != nil {
			return nil, err
		}
		out, b = append(out, item{k, data}), rest
	}
	if len(out) == 0 {
		return nil, errEntry
	}
	return out, nil
}

// takeBytes reads [length][bytes].
func takeBytes(b []byte) (data, rest []byte, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) { //nolint:gosec // n is at most the length
		return nil, nil, errEntry
	}
	end := n + int(size) //nolint:gosec // at most the length of b
	return b[n:end:end], b[end:], nil
}

// encodeAnswers writes [index:8] then for each [code:2][length][body].
func encodeAnswers(index uint64, answers []Answer) []byte {
	b := binary.BigEndian.AppendUint64(nil, index)
	for _, a := range answers {
		b = binary.BigEndian.AppendUint16(b, a.Code)
		b = binary.AppendUvarint(b, uint64(len(a.Body)))
		b = append(b, a.Body...)
	}
	return b
}

// decodeAnswers reads what encodeAnswers wrote.
func decodeAnswers(b []byte) (index uint64, answers []Answer, err error) {
	if len(b) < 8 {
		return 0, nil, errEntry
	}
	index, b = binary.BigEndian.Uint64(b), b[8:]
	for len(b) > 0 {
		if len(b) < 2 {
			return 0, nil, errEntry
		}
		code := binary.BigEndian.Uint16(b)
		body, rest, err := takeBytes(b[2:])
		if err != nil {
			return 0, nil, err
		}
		answers, b = append(answers, Answer{Code: code, Body: body}), rest
	}
	return index, answers, nil
}

func sortedKinds(m map[Kind]Applier) []Kind { return slices.Sorted(maps.Keys(m)) }

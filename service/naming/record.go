package naming

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"strings"
)

// What one client publishes for one service is a record between nodes. Its id is
// the client's id and the service's names, with a zero byte between them, which
// no name has; of the further ones of a batch their number follows.
const recordSeparator = "\x00"

// recordID returns the id of a client's record at p.
func recordID(client string, p place) string {
	id := client + recordSeparator + p.Namespace + recordSeparator + p.Group + recordSeparator + p.Service
	if p.slot > 0 {
		id += recordSeparator + strconv.Itoa(p.slot)
	}
	return id
}

// splitRecordID is the inverse of recordID.
func splitRecordID(id string) (client string, p place, ok bool) {
	client, rest, ok1 := strings.Cut(id, recordSeparator)
	p.Namespace, rest, _ = strings.Cut(rest, recordSeparator)
	var ok2, batch bool
	p.Group, rest, ok2 = strings.Cut(rest, recordSeparator)
	p.Service, rest, batch = strings.Cut(rest, recordSeparator)
	if batch {
		n, err := strconv.Atoi(rest)
		if err != nil || n <= 0 || n >= MaxBatch || strconv.Itoa(n) != rest {
			return client, p, false
		}
		p.slot = n
	}
	return client, p, ok1 && ok2
}

// recordVersion is the form of what a record holds. A field that is added later
// goes behind the others: a reader ignores what follows those it knows.
const recordVersion = 1

// Bits of a record's flags.
const (
	flagHealthy = 1 << iota
	flagEnabled
)

var errRecord = errors.New("ill-formed record of an instance")

// appendRecord appends an instance as nodes tell each other of it.
func (i *Instance) appendRecord(b []byte) []byte {
	flags := byte(0)
	if i.Healthy {
		flags |= flagHealthy
	}
	if i.Enabled {
		flags |= flagEnabled
	}
	b = append(b, recordVersion, flags, byte(i.kind))
	b = appendText(b, i.IP)
	b = binary.BigEndian.AppendUint16(b, i.Port)
	b = appendText(b, i.Cluster)
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(i.Weight))
	b = appendText(b, i.snowflake())
	if i.Metadata != nil && i.Metadata.raw != "" { // the text that all instances share
		return appendText(b, i.Metadata.raw)
	}
	return appendText(b, i.Metadata.jsonText())
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// parseRecord reads what appendRecord wrote. Texts share b's memory only for as
// long as keep has not been called.
func (in *interner) parseRecord(b []byte) (i Instance, err error) {
	r := recordReader{b: b}
	if r.byte() != recordVersion {
		return i, errRecord
	}
	flags := r.byte()
	i.Healthy, i.Enabled, i.Ephemeral = flags&flagHealthy != 0, flags&flagEnabled != 0, true
	i.kind = idKind(r.byte())
	i.IP = r.text()
	if p := r.take(2); p != nil {
		i.Port = binary.BigEndian.Uint16(p)
	}
	i.Cluster = r.text()
	if w := r.take(8); w != nil {
		i.Weight = math.Float64frombits(binary.BigEndian.Uint64(w))
	}
	id, raw := r.text(), r.text()
	switch {
	case r.bad, i.kind > idSnowflake, math.IsNaN(i.Weight), math.IsInf(i.Weight, 0):
		return i, errRecord
	case i.kind == idSnowflake:
		i.id = &id
	}
	i.Metadata, err = in.parse(raw)
	return i, err
}

// recordReader takes a record apart. The first thing that is wrong sticks.
type recordReader struct {
	b   []byte
	bad bool
}

func (r *recordReader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *recordReader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *recordReader) text() string {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.bad, r.b = true, nil
		return ""
	}
	r.b = r.b[size:]
	return string(r.take(n))
}

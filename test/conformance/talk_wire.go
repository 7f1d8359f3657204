package conformance

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of the fields of a Payload and of what is in it.
const (
	payloadMetadata = 2
	payloadBody     = 3
	metadataType    = 3
	metadataHeaders = 7
	metadataIP      = 8
	anyValue        = 2
	mapKey          = 1
	mapValue        = 2
)

// Payload is what is on the wire, in both directions and for every type,
// written by hand: what is recorded is compared with what is sent, not with
// what our own code makes of it.
type Payload struct {
	Type     string
	ClientIP string
	Headers  map[string]string
	Body     []byte // the JSON of the type
	Empty    bool   // it is sent with nothing in it
}

// PayloadCodec has gRPC write and read a *Payload and nothing else.
type PayloadCodec struct{}

var _ encoding.Codec = PayloadCodec{}

// Name is that of the codec which everybody uses.
func (PayloadCodec) Name() string { return "proto" }

var errNoPayload = errors.New("not a payload of a conversation")

// Marshal writes a Payload.
func (PayloadCodec) Marshal(v any) ([]byte, error) {
	m, ok := v.(*Payload)
	if !ok {
		return nil, errNoPayload
	}
	if m.Empty {
		return nil, nil
	}
	var meta []byte
	meta = appendText(meta, metadataType, m.Type)
	for k, v := range m.Headers {
		meta = appendField(meta, metadataHeaders, appendText(appendText(nil, mapKey, k), mapValue, v))
	}
	meta = appendText(meta, metadataIP, m.ClientIP)
	return appendField(appendField(nil, payloadMetadata, meta), payloadBody, appendField(nil, anyValue, m.Body)), nil
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	return appendField(b, field, []byte(s))
}

func appendField(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}

// Unmarshal reads into a Payload.
func (PayloadCodec) Unmarshal(data []byte, v any) error {
	m, ok := v.(*Payload)
	if !ok {
		return errNoPayload
	}
	m.Headers = map[string]string{}
	return eachField(data, func(field protowire.Number, value []byte) error {
		switch int(field) {
		case payloadMetadata:
			return eachField(value, m.metadata)
		case payloadBody:
			return eachField(value, func(field protowire.Number, value []byte) error {
				if field == anyValue {
					m.Body = append([]byte(nil), value...)
				}
				return nil
			})
		}
		return nil
	})
}

func (m *Payload) metadata(field protowire.Number, value []byte) error {
	switch int(field) {
	case metadataType:
		m.Type = string(value)
	case metadataIP:
		m.ClientIP = string(value)
	case metadataHeaders:
		var k, v string
		if err := eachField(value, func(field protowire.Number, value []byte) error {
			switch int(field) {
			case mapKey:
				k = string(value)
			case mapValue:
				v = string(value)
			}
			return nil
		}); err != nil {
			return err
		}
		m.Headers[k] = v
	}
	return nil
}

// eachField calls fn with every field of a message that is a run of bytes.
func eachField(data []byte, fn func(protowire.Number, []byte) error) error {
	for len(data) > 0 {
		field, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return fmt.Errorf("read tag: %w", protowire.ParseError(n))
		}
		data = data[n:]
		if kind != protowire.BytesType {
			n = protowire.ConsumeFieldValue(field, kind, data)
			if n < 0 {
				return fmt.Errorf("read field: %w", protowire.ParseError(n))
			}
			data = data[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(data)
		if n < 0 {
			return fmt.Errorf("read bytes: %w", protowire.ParseError(n))
		}
		if err := fn(field, value); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

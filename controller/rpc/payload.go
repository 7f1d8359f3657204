package rpc

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of Payload, Metadata and google.protobuf.Any, as Nacos numbers
// them.
const (
	payloadMetadata = 2
	payloadBody     = 3

	metadataType     = 3
	metadataHeaders  = 7
	metadataClientIP = 8

	mapKey   = 1
	mapValue = 2

	anyValue = 2
)

// maxHeaders bounds the headers of a payload. SDKs send fewer than twenty.
const maxHeaders = 1000

var (
	errPayload = errors.New("ill-formed payload")
	errHeaders = errors.New("too many headers in a payload")
)

// Payload is the one message of the protocol: a request, an answer or a push.
type Payload struct {
	Type     string // simple name of a Java class
	ClientIP string // what the sender takes for its address
	Headers  map[string]string
	Body     []byte // JSON
}

// ParsePayload reads a message. The body shares b's memory.
func ParsePayload(b []byte) (p Payload, err error) {
	err = eachField(b, func(num int, v []byte) error {
		switch num {
		case payloadMetadata:
			return p.parseMetadata(v)
		case payloadBody:
			return eachField(v, func(num int, v []byte) error {
				if num == anyValue {
					p.Body = v
				}
				return nil
			})
		default:
			return nil
		}
	})
	return p, err
}

func (p *Payload) parseMetadata(b []byte) error {
	return eachField(b, func(num int, v []byte) (err error) {
		switch num {
		case metadataType:
			p.Type, err = text(v)
		case metadataClientIP:
			p.ClientIP, err = text(v)
		case metadataHeaders:
			err = p.parseHeader(v)
		}
		return err
	})
}

func (p *Payload) parseHeader(b []byte) error {
	var key, value string
	err := eachField(b, func(num int, v []byte) (err error) {
		switch num {
		case mapKey:
			key, err = text(v)
		case mapValue:
			value, err = text(v)
		}
		return err
	})
	if err != nil {
		return err
	}
	if p.Headers == nil {
		p.Headers = map[string]string{}
	}
	p.Headers[key] = value
	if len(p.Headers) > maxHeaders {
		return errHeaders
	}
	return nil
}

func text(b []byte) (string, error) {
	if !utf8.Valid(b) {
		return "", errPayload
	}
	return string(b), nil
}

// eachField calls fn with every field of a message that is a text or a message
// itself. Others are skipped: there are none that we know.
func eachField(b []byte, fn func(num int, v []byte) error) error {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errPayload
		}
		b = b[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(num, kind, b); n < 0 {
				return errPayload
			}
			b = b[n:]
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return errPayload
		}
		b = b[n:]
		if err := fn(int(num), v); err != nil {
			return err
		}
	}
	return nil
}

// Append appends p as it is sent.
func (p *Payload) Append(b []byte) []byte {
	b = protowire.AppendTag(b, payloadMetadata, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(p.metadataSize())) //nolint:gosec // a length
	b = appendText(b, metadataType, p.Type)
	for k, v := range p.Headers {
		b = protowire.AppendTag(b, metadataHeaders, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(textSize(mapKey, k)+textSize(mapValue, v))) //nolint:gosec // a length
		b = appendText(appendText(b, mapKey, k), mapValue, v)
	}
	b = appendText(b, metadataClientIP, p.ClientIP)
	b = protowire.AppendTag(b, payloadBody, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(anyValue)+protowire.SizeBytes(len(p.Body)))) //nolint:gosec // a length
	b = protowire.AppendTag(b, anyValue, protowire.BytesType)
	return protowire.AppendBytes(b, p.Body)
}

func (p *Payload) metadataSize() int {
	n := textSize(metadataType, p.Type) + textSize(metadataClientIP, p.ClientIP)
	for k, v := range p.Headers {
		n += protowire.SizeTag(metadataHeaders) + protowire.SizeBytes(textSize(mapKey, k)+textSize(mapValue, v))
	}
	return n
}

// appendText leaves out what is empty, as proto3 does.
func appendText(b []byte, num protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), s)
}

func textSize(num protowire.Number, s string) int {
	if s == "" {
		return 0
	}
	return protowire.SizeTag(num) + protowire.SizeBytes(len(s))
}

// wire is a payload that is packed already.
type wire []byte

// codec puts payloads on the wire. The protocol has this one message, so no
// generated code and no registry of descriptors is needed for it.
type codec struct{}

// Name implements encoding.CodecV2.
func (codec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	switch v := v.(type) {
	case wire:
		return mem.BufferSlice{mem.SliceBuffer(v)}, nil
	case *Payload:
		const overhead = 64 // of the tags and the type
		return mem.BufferSlice{mem.SliceBuffer(v.Append(make([]byte, 0, len(v.Body)+overhead)))}, nil
	default:
		return nil, fmt.Errorf("%w: %T", errPayload, v)
	}
}

// Unmarshal implements encoding.CodecV2.
func (codec) Unmarshal(data mem.BufferSlice, v any) (err error) {
	p, ok := v.(*Payload)
	if !ok {
		return fmt.Errorf("%w: %T", errPayload, v)
	}
	*p, err = ParsePayload(data.Materialize())
	return err
}

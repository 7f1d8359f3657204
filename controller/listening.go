package controller

import (
	"net/http"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

// interest is a config that a client listens to, and the digest of what it has.
type interest struct {
	key config.Key
	md5 string
}

// maxInterests bounds the configs of one listener request, as in the reference.
const maxInterests = 10_000

// The separators of Listening-Configs: a record is data id, group and digest,
// then the namespace where there is one.
const (
	wordEnd = '\x02'
	lineEnd = '\x01'
)

// errProbe is a list of configs that does not follow the grammar.
func errProbe() error { return service.Errorf(service.BadParam, "invalid probeModify") }

// tripped is what the reference's check of parameters makes of a list that it
// cannot read: the error page, where errProbe was meant.
func tripped(msg string) error {
	return &middleware.PageError{Status: http.StatusInternalServerError, Msg: msg}
}

// parseListening reads Listening-Configs, which was URL encoded twice. What
// follows the last separator of records is left out.
func parseListening(s string) ([]interest, error) {
	if strings.TrimSpace(s) == "" {
		return nil, errProbe()
	}
	s, err := javaUnescape(s)
	if err != nil {
		return nil, err
	}
	if err := checkListening(s); err != nil {
		return nil, err
	}
	var out []interest
	for {
		line, rest, ok := strings.Cut(s, string(lineEnd))
		if !ok {
			return lastOfEach(out), nil
		}
		s = rest
		dataID, line, ok1 := strings.Cut(line, string(wordEnd))
		group, line, ok2 := strings.Cut(line, string(wordEnd))
		if !ok1 || !ok2 {
			return nil, errProbe()
		}
		md5, tenant, _ := strings.Cut(line, string(wordEnd))
		if len(out) == maxInterests {
			return nil, errProbe()
		}
		out = append(out, interest{config.Key{Tenant: config.Namespace(tenant), Group: group, DataID: dataID}, md5})
	}
}

// lastOfEach leaves of a config that is named twice the last mention.
func lastOfEach(all []interest) []interest {
	if len(all) < 2 {
		return all
	}
	at := make(map[config.Key]int, len(all))
	out := all[:0]
	for _, x := range all {
		if i, ok := at[x.key]; ok {
			out[i] = x
			continue
		}
		at[x.key] = len(out)
		out = append(out, x)
	}
	return out
}

// checkListening is the check of names, of every record.
func checkListening(s string) error {
	s = strings.TrimRight(s, string(lineEnd)) // as Java's split: empty records at the end are none
	for s != "" {
		var line string
		line, s, _ = strings.Cut(s, string(lineEnd))
		line = strings.TrimRight(line, string(wordEnd))
		words := strings.Count(line, string(wordEnd)) + 1
		if words < 2 || words > 4 {
			return tripped("invalid probeModify")
		}
		dataID, line, _ := strings.Cut(line, string(wordEnd))
		group, line, _ := strings.Cut(line, string(wordEnd))
		_, tenant, _ := strings.Cut(line, string(wordEnd))
		if err := namespaceName.check(tenant); err != nil {
			return err
		}
		if err := dataIDName.check(dataID); err != nil {
			return err
		}
		if err := groupName.check(group); err != nil {
			return err
		}
	}
	return nil
}

// javaUnescape is Java's URLDecoder, errors included.
func javaUnescape(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, nil
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '+':
			b.WriteByte(' ')
		case '%':
			if i+2 >= len(s) {
				return "", tripped("URLDecoder: Incomplete trailing escape (%) pattern")
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi > 15 || lo > 15 {
				at := "0"
				if hi <= 15 {
					at = "1"
				}
				return "", tripped("URLDecoder: Illegal hex characters in escape (%) pattern - Error at index " + at + ` in: "` + s[i+1:i+3] + `"`)
			}
			b.WriteByte(hi<<4 | lo)
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD"), nil
}

// unhex is the value of a hexadecimal digit, 255 of anything else.
func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	default:
		return 255
	}
}

// changedBody is the answer to a listener: a record of each key, URL encoded,
// and a line end.
func changedBody(keys ...config.Key) []byte {
	var b []byte
	for _, k := range keys {
		b = appendRecord(b, k)
	}
	return append(b, '\n')
}

func appendRecord(b []byte, k config.Key) []byte {
	b = appendEscaped(b, k.DataID)
	b = append(b, "%02"...)
	b = appendEscaped(b, k.Group)
	if k.Tenant != "" {
		b = append(b, "%02"...)
		b = appendEscaped(b, k.Tenant)
	}
	return append(b, "%01"...)
}

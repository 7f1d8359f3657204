package settings

import (
	"encoding/base64"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/service/mask"
)

func address(at *string) value {
	return field[string]{at: at, show: same, allowed: "an IP address, localhost, or empty for all addresses", empty: true, parse: func(s string) (string, error) {
		if s == "" || s == "localhost" {
			return s, nil
		}
		a, err := netip.ParseAddr(strings.Trim(s, "[]"))
		if err != nil {
			return "", errIll
		}
		return a.String(), nil
	}}
}

func contextPath(at *string) value {
	return field[string]{at: at, show: same, allowed: "a path such as /nacos, of letters, digits and -._~/; empty or / for the root", empty: true, parse: func(s string) (string, error) {
		s = strings.Trim(s, "/")
		if s == "" {
			return "", nil
		}
		for seg := range strings.SplitSeq(s, "/") {
			if seg == "" || seg == "." || seg == ".." || strings.ContainsFunc(seg, notPathRune) {
				return "", errIll
			}
		}
		return "/" + s, nil
	}}
}

func notPathRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~", r)
}

// platform is mysql or nothing; Nacos calls its embedded database derby.
func platform(at *string) value {
	return field[string]{at: at, show: same, allowed: "mysql, or empty for the embedded database", empty: true, parse: func(s string) (string, error) {
		switch strings.ToLower(s) {
		case "", "derby", "embedded", "sqlite":
			return "", nil
		case "mysql", "mariadb":
			return "mysql", nil
		default:
			return "", errIll
		}
	}}
}

func jdbcURL(at *string) value {
	return field[string]{at: at, show: same, allowed: "jdbc:mysql://host:port/database?parameters", empty: true, parse: func(s string) (string, error) {
		if s == "" {
			return "", nil
		}
		scheme, rest, ok := strings.Cut(s, "://")
		rest, _, _ = strings.Cut(rest, "?")
		host, database, slash := strings.Cut(rest, "/")
		known := strings.HasPrefix(scheme, "jdbc:mysql") || strings.HasPrefix(scheme, "jdbc:mariadb")
		if !ok || !known || !slash || host == "" || strings.HasPrefix(host, ":") || database == "" {
			return "", errIll
		}
		return s, nil
	}}
}

func webURL(at *string) value  { return urlOf(at, true, "http", "https") }
func ldapURL(at *string) value { return urlOf(at, false, "ldap", "ldaps") }

func urlOf(at *string, empty bool, schemes ...string) value {
	return field[string]{at: at, show: same, allowed: "a URL that begins with " + strings.Join(schemes, ":// or ") + "://", empty: empty, parse: func(s string) (string, error) {
		if s == "" {
			return "", nil
		}
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme) {
			return "", errIll
		}
		return s, nil
	}}
}

func aesKey(at *string) value {
	return field[string]{at: at, show: same, allowed: "the Base64 of 32 bytes", empty: true, parse: func(s string) (string, error) {
		if b, err := base64.StdEncoding.DecodeString(s); s != "" && (err != nil || len(b) != 32) {
			return "", errIll
		}
		return s, nil
	}}
}

func level(at *slog.Level) value {
	return field[slog.Level]{
		at: at, show: func(l slog.Level) string { return strings.ToLower(l.String()) }, allowed: "debug, info, warn or error",
		parse: func(s string) (slog.Level, error) {
			var l slog.Level
			if err := l.UnmarshalText([]byte(s)); err != nil {
				return 0, errIll
			}
			return l, nil
		},
	}
}

// secretWords are words in the names of keys whose values are secret.
func secretWords(at *[]string) value {
	words := list(at).(field[[]string]) //nolint:forcetypeassert // as list makes it
	split := words.parse
	words.allowed, words.empty = "at most 64 words of 3 to 64 letters and digits, separated by commas", false
	words.parse = func(s string) ([]string, error) {
		all, err := split(s)
		if err == nil {
			_, err = mask.New(all)
		}
		if err != nil {
			return nil, errIll
		}
		return all, nil
	}
	return words
}

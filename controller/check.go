package controller

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/middleware"
)

// The bounds of Nacos's check of parameters, in characters.
const (
	maxNamespaceID   = 64
	maxNamespaceName = 256
)

// illegal is the refusal of a parameter by the check, which looks the same in
// every dialect.
func illegal(name, why string) error {
	return &middleware.BareError{Status: http.StatusBadRequest, Msg: "Param '" + name + "' is illegal, " + why}
}

// tooLong and badChars are the two reasons that the check knows.
func tooLong(n int) string {
	return fmt.Sprintf("the param length should not exceed %d.", n)
}

const badChars = "illegal characters should not appear in the param."

func checkNamespaceID(id string) error {
	const name = "namespaceId/tenant"
	switch {
	case strings.TrimSpace(id) == "":
		return nil
	case utf8.RuneCountInString(id) > maxNamespaceID:
		return illegal(name, tooLong(maxNamespaceID))
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return illegal(name, badChars)
		}
	}
	return nil
}

func checkNamespaceName(v string) error {
	const name = "namespaceShowName"
	switch {
	case strings.TrimSpace(v) == "":
		return nil
	case utf8.RuneCountInString(v) > maxNamespaceName:
		return illegal(name, tooLong(maxNamespaceName))
	case strings.ContainsAny(v, "@#$%^&*"):
		return illegal(name, badChars)
	}
	return nil
}

// firstError returns the first of errs that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

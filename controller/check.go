package controller

import (
	"strings"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/controller/legal"
)

// maxNamespaceName is the bound of Nacos's check, in characters.
const maxNamespaceName = 256

func checkNamespaceName(v string) error {
	const name = "namespaceShowName"
	switch {
	case strings.TrimSpace(v) == "":
		return nil
	case utf8.RuneCountInString(v) > maxNamespaceName:
		return legal.Illegal(name, legal.TooLong(maxNamespaceName))
	case strings.ContainsAny(v, "@#$%^&*"):
		return legal.Illegal(name, legal.BadChars)
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

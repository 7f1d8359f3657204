package controller

import (
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/service/config"
)

// maxTouched bounds the configs that one record of the audit log names.
const maxTouched = 20

// touched remembers which configs a call is about that names them by ids or in a
// file, with their digests, for the audit log.
type touched struct {
	a     *API
	keys  []config.Key // the first ones
	md5s  []string     // of keys, "" where there was none
	count int          // of all
}

// watch remembers the configs for which may is asked and says yes: each before
// anything is written.
func (t *touched) watch(may config.Permit) config.Permit {
	return func(k config.Key) error {
		if err := may(k); err != nil {
			return err
		}
		if t.count++; t.count <= maxTouched {
			t.keys, t.md5s = append(t.keys, k), append(t.md5s, t.a.o.Config.MD5(k, ""))
		}
		return nil
	}
}

// before lists the configs with the digests that they had.
func (t *touched) before() string { return t.list(func(i int) string { return t.md5s[i] }) }

// after lists the configs with the digests that they have now.
func (t *touched) after() string {
	return t.list(func(i int) string { return t.a.o.Config.MD5(t.keys[i], "") })
}

// list writes the number of configs, and of the first ones the name and the
// digest: "2 configs: app.yaml+G 0cc1…, new.yaml+G -".
func (t *touched) list(md5 func(i int) string) string {
	if t.count == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(strconv.Itoa(t.count))
	b.WriteString(" configs:")
	for i, k := range t.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		sum := md5(i)
		if sum == "" {
			sum = "-"
		}
		b.WriteString(" " + config.GroupKey(k) + " " + sum)
	}
	if t.count > len(t.keys) {
		b.WriteString(", …")
	}
	return b.String()
}

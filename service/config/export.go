package config

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/persistence"
)

// Names of the metadata entries of an archive: of the first format, which knows
// applications only, and of the second.
const (
	metaV1 = ".meta.yml"
	metaV2 = ".metadata.yml"
)

// Export says what an archive holds: the configs with these ids, or else those
// that meet the rest.
type Export = persistence.ConfigExport

// Shown is content of a config as an archive shows it.
type Shown func(k Key, content string) string

// ExportTo writes an archive of the configs that e asks for: an entry for each
// config, the metadata last. Of two configs that have the same group and data
// id in different namespaces the first one is taken. shown is nil where contents are
// written as they are.
func (s *Service) ExportTo(ctx context.Context, w io.Writer, e Export, v2 bool, may Permit, shown Shown) error {
	rows, err := s.db.ExportConfigs(ctx, e)
	if err != nil {
		return failed(err)
	}
	z := zip.NewWriter(w)
	meta := metadataV1
	if v2 {
		meta = metadataV2
	}
	var taken []Row
	names := map[string]bool{}
	for i := range rows {
		if err := rows[i].Err; err != nil {
			return failed(err)
		}
		if err := may(rows[i].ConfigKey); err != nil {
			return err
		}
		name := rows[i].Group + "/" + rows[i].DataID
		if names[name] {
			continue
		}
		names[name] = true
		taken = append(taken, rows[i])
		content := rows[i].Content
		if shown != nil {
			content = shown(rows[i].ConfigKey, content)
		}
		if err := addEntry(z, name, content); err != nil {
			return err
		}
	}
	if name, text := meta(taken); text != "" {
		if err := addEntry(z, name, text); err != nil {
			return err
		}
	}
	return z.Close()
}

func addEntry(z *zip.Writer, name, content string) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, content)
	return err
}

// metadataV1 has a line for each config that has an application. The last dot of
// the data id is a tilde.
func metadataV1(rows []Row) (name, text string) {
	var b strings.Builder
	for i := range rows {
		r := &rows[i]
		if blank(r.AppName) {
			continue
		}
		id := r.DataID
		if dot := strings.LastIndexByte(id, '.'); dot >= 0 {
			id = id[:dot] + "~" + id[dot+1:]
		}
		b.WriteString(r.Group + "." + id + ".app=" + r.AppName + "\r\n")
	}
	return metaV1, b.String()
}

// metadataV2 is YAML in block style, keys in their order, what is not set left
// out.
func metadataV2(rows []Row) (name, text string) {
	if len(rows) == 0 {
		return metaV2, "metadata: []\n"
	}
	var b bytes.Buffer
	b.WriteString("metadata:\n")
	for i := range rows {
		r := &rows[i]
		mark := "- "
		for _, f := range []struct {
			key   string
			value *string
		}{{"appName", &r.AppName}, {"dataId", &r.DataID}, {"desc", r.Desc}, {"group", &r.Group}, {"type", r.Type}} {
			if f.value != nil {
				b.WriteString(mark + f.key + ": " + scalar(*f.value) + "\n")
				mark = "  "
			}
		}
	}
	return metaV2, b.String()
}

// scalar is s in YAML: as it is where that is safe, else in quotes.
func scalar(s string) string {
	if plain(s) {
		return s
	}
	if strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || r == 0x85 || r == 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff
	}) {
		return doubleQuoted(s)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// plain is on the safe side: letters, digits and the signs of names, beginning
// with a letter, and no word that YAML takes for something else.
func plain(s string) bool {
	if s == "" || strings.HasSuffix(s, " ") {
		return false
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789._- /", r)) {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return false
	}
	return true
}

func doubleQuoted(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r >= 0x7f && r <= 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(digits[r>>shift&15])
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

package config

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Bounds of an archive that is imported. A file that was made to exhaust the
// server is refused before it is unpacked further.
const (
	maxEntries  = 50_000
	maxUnpacked = 512 << 20 // bytes of all entries together
	maxMetadata = 16 << 20  // bytes of the metadata
	maxRatio    = 50        // unpacked to packed bytes, beyond the first ratioFree
	ratioFree   = 8 << 20
)

// Errors of reading an archive.
var (
	// errNotArchive is a file that is no archive, or one over a bound.
	errNotArchive = errors.New("not an archive that can be imported")
	// errMetadata is metadata that cannot be used.
	errMetadata = errors.New("unusable metadata")
)

// member is a config of an archive.
type member struct {
	group, dataID string
	content       string
	app           *string
	typ, desc     *string
}

// archive is what was found in a file.
type archive struct {
	members      []member
	unrecognized []string // entries that are no configs
}

// readArchive unpacks a file of either format. limit bounds the bytes of one
// config.
func readArchive(file []byte, limit int64) (*archive, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotArchive, err)
	}
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("%w: more than %d entries", errNotArchive, maxEntries)
	}
	u := unpacker{packed: int64(len(file)), limit: limit}
	var items []member
	var meta, metaName string
	a := &archive{}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if metaName == "" && (f.Name == metaV1 || f.Name == metaV2) {
			if meta, err = u.read(f, maxMetadata); err != nil {
				return nil, err
			}
			metaName = f.Name
			continue
		}
		group, id, ok := strings.Cut(f.Name, "/")
		if !ok || strings.Contains(id, "/") || CheckKey(Key{Group: group, DataID: id}) != nil {
			a.unrecognized = append(a.unrecognized, strings.ToValidUTF8(f.Name, "?"))
			continue
		}
		content, err := u.read(f, limit)
		if err != nil {
			return nil, err
		}
		items = append(items, member{group: group, dataID: id, content: strings.ToValidUTF8(content, "\uFFFD")})
	}
	if metaName == metaV2 {
		return a, a.describeV2(items, meta)
	}
	return a, a.describeV1(items, meta)
}

// unpacker counts what has been unpacked.
type unpacker struct {
	packed, unpacked, limit int64
}

// read unpacks an entry of at most limit bytes. What the directory of the
// archive says about sizes is not believed.
func (u *unpacker) read(f *zip.File, limit int64) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNotArchive, err)
	}
	most := min(limit, maxUnpacked-u.unpacked, max(ratioFree, u.packed*maxRatio)-u.unpacked)
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	err = errors.Join(err, r.Close())
	switch {
	case int64(len(b)) > most:
		return "", fmt.Errorf("%w: %s is too large", errNotArchive, f.Name)
	case err != nil:
		return "", fmt.Errorf("%w: %w", errNotArchive, err)
	}
	u.unpacked += int64(len(b))
	return string(b), nil
}

var lineEnds = regexp.MustCompile(`[\r\n]+`)

// describeV1 gives the configs their applications. Without metadata there are
// none.
func (a *archive) describeV1(items []member, meta string) error {
	apps := map[string]string{}
	if meta != "" {
		for _, line := range lineEnds.Split(strings.Trim(meta, "\r\n"), -1) {
			part := strings.Split(strings.TrimRight(line, "="), "=") // Java's split: nothing at the end is no part
			if len(part) != 2 {
				return errMetadata
			}
			apps[part[0]] = part[1]
		}
	}
	for _, m := range items {
		id := m.dataID
		if dot := strings.LastIndexByte(id, '.'); dot >= 0 {
			id = id[:dot] + "~" + id[dot+1:]
		}
		if app, ok := apps[m.group+"."+id+".app"]; ok {
			m.app = &app
		}
		a.members = append(a.members, m)
	}
	return nil
}

// describeV2 takes the configs that the metadata names and the archive holds.
func (a *archive) describeV2(items []member, meta string) error {
	described, err := parseMetadata(meta)
	if err != nil {
		return err
	}
	byName := map[string]metaItem{}
	for _, d := range described {
		if blank(d.DataID) || blank(d.Group) || blank(d.Type) {
			return errMetadata
		}
		byName[d.Group+"/"+d.DataID] = d
	}
	held := map[string]bool{}
	var strangers []string
	for _, m := range items {
		name := m.group + "/" + m.dataID
		d, ok := byName[name]
		if !ok {
			strangers = append(strangers, "未在元数据中找到: "+name)
			continue
		}
		held[name] = true
		m.app, m.desc, m.typ = d.AppName, d.Desc, &d.Type
		a.members = append(a.members, m)
	}
	a.unrecognized = append(strangers, a.unrecognized...)
	for _, d := range described {
		if name := d.Group + "/" + d.DataID; !held[name] {
			a.unrecognized = append(a.unrecognized, "未在文件中找到: "+name)
		}
	}
	return nil
}

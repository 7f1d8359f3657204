package persistence

import (
	"strings"
	"time"
)

// layout is what is known of a database: its dialect, and which of the tables
// and columns that differ between versions of Nacos it has.
type layout struct {
	mysql bool
	loc   *time.Location // of the DATETIME columns

	// public is how the public namespace is written in tenant_id: "" by Nacos
	// 1.x and 2.x, "public" by 3.x, which keeps a copy under "" as well.
	public string

	configKey  bool // config_info.encrypted_data_key
	historyKey bool // his_config_info.encrypted_data_key
	historyExt bool // his_config_info.publish_type, gray_name, ext_info
	gray       bool // the table config_info_gray
	beta       bool // the table config_info_beta
	betaKey    bool // config_info_beta.encrypted_data_key
	tag        bool // the table config_info_tag
	aggr       bool // the table config_info_aggr

	own *own // our own tables; nil for SQLite, which has them all
}

// sqliteLayout is that of our own embedded schema.
func sqliteLayout() *layout {
	return &layout{configKey: true, historyKey: true, historyExt: true, gray: true, aggr: true}
}

// tenant is a namespace as the database writes it.
func (l *layout) tenant(id string) string {
	if id == "" {
		return l.public
	}
	return id
}

// tenantOf is a namespace as the database has it, as we know it.
func (l *layout) tenantOf(stored string) string {
	if stored == l.public {
		return ""
	}
	return stored
}

// at is a time as the database stores it.
func (l *layout) at(t time.Time) any {
	if l.mysql {
		return t.In(l.loc).Truncate(time.Millisecond)
	}
	return t.UnixMilli()
}

// second is t as a column of whole seconds keeps it. SQLite's keep milliseconds.
func (l *layout) second(t time.Time) time.Time {
	if l.mysql {
		return t.Truncate(time.Second)
	}
	return t.Truncate(time.Millisecond)
}

// like compares column with a pattern that has "*" for any text; every other
// letter that LIKE knows ("%", "_", "\") keeps its meaning when live is set and
// stands for itself when it is not. Letter case counts.
func (l *layout) like(column, pattern string, star, live bool) (clause, arg string) {
	if l.mysql {
		var b strings.Builder
		for _, r := range pattern {
			switch {
			case r == '*' && star:
				b.WriteByte('%')
			case !live && (r == '%' || r == '_' || r == '\\'):
				b.WriteByte('\\')
				b.WriteRune(r)
			default:
				b.WriteRune(r)
			}
		}
		return column + " LIKE ?", b.String()
	}
	return column + " GLOB ?", glob(pattern, star, live)
}

// glob writes a LIKE pattern as SQLite's GLOB has it: LIKE there ignores the
// case of letters.
func glob(pattern string, star, live bool) string {
	var b strings.Builder
	escaped := false
	for _, r := range pattern {
		switch {
		case live && r == '\\' && !escaped:
			escaped = true
			continue
		case !escaped && (star && r == '*' || live && r == '%'):
			b.WriteByte('*')
		case !escaped && live && r == '_':
			b.WriteByte('?')
		case r == '*' || r == '?' || r == '[':
			b.WriteByte('[')
			b.WriteRune(r)
			b.WriteByte(']')
		default:
			b.WriteRune(r)
		}
		escaped = false
	}
	if escaped {
		b.WriteByte('\\')
	}
	return b.String()
}

// orSkip ends an INSERT that leaves a row alone which is there already; column
// is any one of the table's.
func (l *layout) orSkip(column string) string {
	if l.mysql {
		return " ON DUPLICATE KEY UPDATE " + column + " = " + column
	}
	return " ON CONFLICT DO NOTHING"
}

// owns says whether the database has this table of ours.
func (l *layout) owns(table string) bool { return !l.mysql || l.own.has(table) }

package persistence

import (
	"context"
	"net"
	"strings"
)

// SourceState is how a database was when it was last asked.
type SourceState struct {
	Host   string // "" for an SQLite file
	Master bool   // writes go there, or would
	Down   error  // nil when it answers
}

// Health says how each database is, in the order of the settings.
func (d *DB) Health(ctx context.Context) []SourceState {
	if d.ext == nil {
		_, err := d.CountConfigs(ctx)
		return []SourceState{{Master: true, Down: err}}
	}
	now := d.ext.now.Load()
	out := make([]SourceState, 0, len(d.ext.sources))
	for i, s := range d.ext.sources {
		addr, _, _ := strings.Cut(s.name, "/")
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		st := SourceState{Host: host, Master: now != nil && now.dataSource == s || now == nil && i == 0}
		if down := s.down.Load(); down != nil {
			st.Down = *down
		} else if now == nil {
			st.Down = d.ext.unavailable()
		}
		out = append(out, st)
	}
	return out
}

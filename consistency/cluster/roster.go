package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// roster is what nodes tell each other about members that came or went while
// the cluster ran: the last word on each address, by its stamp. It goes with
// every ping, so that a change made on one node needs no edit on another, and
// is kept in a file, so that it outlives a restart.
type roster map[string]entry

type entry struct {
	Stamp int64  `json:"stamp"` // ms; the highest wins
	Left  bool   `json:"left,omitempty"`
	ID    string `json:"id,omitempty"`
}

// wins reports whether e is a later word than old. Of two at the same moment
// the one that removes wins, so that all nodes choose alike.
func (e entry) wins(old entry) bool {
	return e.Stamp > old.Stamp || e.Stamp == old.Stamp && e.Left && !old.Left
}

// say adds a new word on addr, later than the one before.
func (r roster) say(addr string, left bool, id string) {
	r[addr] = entry{Stamp: max(time.Now().UnixMilli(), r[addr].Stamp+1), Left: left, ID: id}
}

// merge takes over what is later in other, and reports whether anything was.
func (r roster) merge(other roster) (changed bool) {
	for addr, e := range other {
		if _, err := parseAddr(addr, 0); err != nil || len(r) >= maxMembers {
			continue
		}
		if old, ok := r[addr]; !ok || e.wins(old) {
			r[addr], changed = e, true
		}
	}
	return changed
}

func loadRoster(path string) (roster, error) {
	r := roster{}
	if path == "" {
		return r, nil
	}
	b, err := os.ReadFile(path) //nolint:gosec // in the data directory, which is a setting
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		return nil, fmt.Errorf("members known from before: %w", err)
	}
	return r, nil
}

func (r roster) save(path string) error {
	if path == "" {
		return nil
	}
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

// Known lists the members in a roster file, which needs not exist.
func Known(path string) ([]string, error) {
	r, err := loadRoster(path)
	var out []string
	for addr, e := range r {
		if !e.Left {
			out = append(out, addr)
		}
	}
	slices.Sort(out)
	return out, err
}

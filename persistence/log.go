package persistence

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
)

// Log is an SQLite file as a replicated log sees it: the state that committed
// entries are applied to. The index of the last entry is in the file, in the
// transaction of its rows, so that an entry takes effect once.
type Log struct{ db *DB }

// NewLog gives db to a replicated log. All writes must then come through it.
func NewLog(db *DB) Log { return Log{db} }

// Entry is a committed entry: what Marshal made of an op.
type Entry struct {
	Index uint64
	Data  []byte
}

// Answer is what an entry's op has to say. It travels between nodes.
type Answer struct {
	Result Result
	Err    error // a Refusal, or nil
}

type wireAnswer struct {
	Result  Result
	Refusal Refusal `json:",omitempty"`
}

// MarshalJSON writes the answer with its refusal's number.
func (a Answer) MarshalJSON() ([]byte, error) {
	w := wireAnswer{Result: a.Result}
	errors.As(a.Err, &w.Refusal)
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Answer) UnmarshalJSON(b []byte) error {
	var w wireAnswer
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*a = Answer{Result: w.Result}
	if w.Refusal != 0 {
		a.Err = w.Refusal
	}
	return nil
}

// Apply runs one entry. See ApplyBatch.
func (l Log) Apply(index uint64, data []byte) Answer {
	return l.ApplyBatch([]Entry{{index, data}})[0]
}

// ApplyBatch runs entries in one transaction and answers each. An entry that is
// in the file already is passed over. It panics where the state of this node
// could no longer follow the log: an entry that does not decode, a disk that
// does not take it.
func (l Log) ApplyBatch(entries []Entry) []Answer {
	ops := make([]Op, len(entries))
	for i, e := range entries {
		var err error
		if ops[i], err = l.db.Unseal(e.Data); err != nil {
			panic(fmt.Sprintf("log entry %d: %v", e.Index, err))
		}
	}
	var answers []Answer
	err := l.db.file.between(func() error {
		took, out, err := l.run(entries, ops, false)
		if err != nil {
			// One op was refused by the database itself: each in a savepoint, then.
			took, out, err = l.run(entries, ops, true)
		}
		answers = out
		for i, ok := range took {
			if ok && err == nil {
				l.db.notify(ops[i], out[i].Result)
			}
		}
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("log entries from %d: %v", entries[0].Index, err))
	}
	return answers
}

func (l Log) run(entries []Entry, ops []Op, savepoints bool) (took []bool, answers []Answer, err error) {
	f := l.db.file
	took, answers = make([]bool, len(ops)), make([]Answer, len(ops))
	err = f.write.Transaction(func(g *gorm.DB) error {
		tx := &txn{g, f.lay, l.db.box}
		var applied uint64
		if _, err := tx.one("SELECT applied FROM pharos_meta WHERE id = 1", nil, &applied); err != nil {
			return err
		}
		last := applied
		for i, op := range ops {
			if entries[i].Index <= applied {
				continue
			}
			last = entries[i].Index
			res, refused, err := l.db.runOp(g, f.lay, op, savepoints)
			if err != nil {
				return err
			}
			answers[i], took[i] = Answer{res, refused}, refused == nil
		}
		if last == applied {
			return nil
		}
		_, err := tx.exec("UPDATE pharos_meta SET applied = ? WHERE id = 1", int64(last))
		return err
	})
	return took, answers, err
}

// Applied is the index of the last entry in the file.
func (l Log) Applied() (uint64, error) {
	s, err := l.db.source(live)
	if err != nil {
		return 0, err
	}
	var n uint64
	_, err = s.one(context.Background(), "SELECT applied FROM pharos_meta WHERE id = 1", nil, &n)
	return n, err
}

// Forget sets the index of the last entry back to 0, where the log that it was
// of is gone: the rows are then as if no log had ever been.
func (l Log) Forget() error {
	f := l.db.file
	return f.between(func() error {
		return f.write.Transaction(func(g *gorm.DB) error {
			_, err := (&txn{g, f.lay, l.db.box}).exec("UPDATE pharos_meta SET applied = 0 WHERE id = 1 AND applied <> 0")
			return err
		})
	})
}

// Snapshot is a copy of the file as it is now; later entries do not wait for it
// to be read.
func (l Log) Snapshot() (io.ReadCloser, error) {
	f := l.db.file
	path := f.path + ".snapshot"
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.read == nil {
		return nil, ErrClosed
	}
	if err := f.read.Exec("VACUUM INTO ?", path).Error; err != nil {
		return nil, errors.Join(f.lay.translate(err), os.RemoveAll(path))
	}
	r, err := os.Open(path) //nolint:gosec // a file that was made just before
	if err != nil {
		return nil, err
	}
	// The name is not needed any more: what is open stays until it is closed, and
	// a process that is killed leaves nothing behind.
	return r, os.Remove(path)
}

// Restore replaces the file with what r holds, or leaves it as it was: the new
// one is whole, on the disk and sound before it takes the old one's place. Those
// who watch the database are told, see ObserveRestore.
func (l Log) Restore(r io.Reader) error {
	f := l.db.file
	next := f.path + ".restore"
	defer func() { _ = os.Remove(next) }() // gone already when all went well
	if err := writeFile(next, r); err != nil {
		return err
	}
	if err := checkFile(next); err != nil {
		return err
	}
	err := f.between(func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if err := f.closeFile(); err != nil {
			return err
		}
		for _, suffix := range []string{"-wal", "-shm"} {
			if err := os.RemoveAll(f.path + suffix); err != nil {
				return err
			}
		}
		if err := os.Rename(next, f.path); err != nil {
			return err
		}
		if err := syncDir(filepath.Dir(f.path)); err != nil {
			return err
		}
		return f.openFile(f.path, f.full)
	})
	if err != nil {
		return err
	}
	l.db.tellRestored()
	return nil
}

func writeFile(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // beside the database
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the directory of the database
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// checkFile says whether the SQLite file at path is sound and not of a newer
// version.
func checkFile(path string) error {
	g, err := gorm.Open(gormlite.Open("file:"+path+"?mode=ro&immutable=1"), gormConfig())
	if err != nil {
		return fmt.Errorf("the snapshot cannot be opened: %w", err)
	}
	var ok string
	err = runQuery(context.Background(), g.Statement.ConnPool, "PRAGMA quick_check", nil, func(r *sql.Rows) error {
		if ok != "" {
			return nil
		}
		return r.Scan(&ok)
	})
	if err == nil && ok != "ok" {
		err = errors.New(ok)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("the snapshot is damaged: %w", err), closeDB(g))
	}
	at, _, err := schemaVersion(g)
	if err == nil && at == 0 {
		err = errors.New("the snapshot is not a database of ours")
	}
	return errors.Join(err, closeDB(g))
}

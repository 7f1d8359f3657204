package node

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// idFile holds the name by which the other nodes of a cluster know this one,
// whatever its address is. Whoever copies a data directory copies it too, and
// is not admitted beside the first.
const idFile = "node.id"

// nodeID is the name in a data directory, which is made where there is none.
func nodeID(dir string) (string, error) {
	path := filepath.Join(dir, idFile)
	b, err := os.ReadFile(path) //nolint:gosec // in the data directory, which is a setting
	if err == nil {
		id := strings.TrimSpace(string(b))
		if id == "" || len(id) > 64 || strings.ContainsAny(id, " \t\n\"\\") {
			return "", fmt.Errorf("%s holds no node id; put back what it was, or empty the data directory and join anew", path)
		}
		return id, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	id := strings.ToLower(rand.Text()) // 130 bits
	tmp := path + ".new"
	if err := writeSynced(tmp, id+"\n"); err != nil {
		return "", err
	}
	return id, os.Rename(tmp, path)
}

func writeSynced(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // in the data directory, which is a setting
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

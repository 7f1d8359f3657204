package persistence

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"gorm.io/gorm"
)

//go:embed schema/*.sql
var schemas embed.FS

// migrate brings an SQLite file to the newest schema. The files of
// schema/sqlite-NNN-*.sql run once each, in the order of their names; the
// number that was reached is the database's user_version.
func migrate(g *gorm.DB) error {
	at, files, err := schemaVersion(g)
	if err != nil {
		return err
	}
	for i := at; i < len(files); i++ {
		sql, err := schemas.ReadFile(files[i])
		if err != nil {
			return err
		}
		err = g.Transaction(func(tx *gorm.DB) error {
			for stmt := range strings.SplitSeq(string(sql), ";\n") {
				if strings.TrimSpace(stmt) == "" {
					continue
				}
				if err := tx.Exec(stmt).Error; err != nil {
					return err
				}
			}
			return tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", i+1)).Error
		})
		if err != nil {
			return fmt.Errorf("%s: %w", files[i], err)
		}
	}
	return nil
}

// schemaVersion is the schema that an SQLite file has, and the files of SQL that
// lead to the newest one. A file of a newer version is an error.
func schemaVersion(g *gorm.DB) (at int, files []string, err error) {
	if files, err = fs.Glob(schemas, "schema/sqlite-*.sql"); err != nil { // Glob sorts
		return 0, nil, err
	}
	if err = g.Raw("PRAGMA user_version").Scan(&at).Error; err != nil {
		return 0, nil, err
	}
	if at > len(files) {
		return 0, nil, fmt.Errorf("the database has schema %d, this version knows up to %d: start a newer version", at, len(files))
	}
	return at, files, nil
}

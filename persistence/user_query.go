package persistence

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// Match is how a search compares a name; the zero value matches all.
type Match struct {
	Text string
	Blur bool // "*" stands for any text; else Text is the whole name, and "" any
}

// where adds a comparison of column to a clause and its arguments.
func (m Match) where(l *layout, column string, clauses []string, args []any) ([]string, []any) {
	if m.Text == "" {
		return clauses, args
	}
	if !m.Blur {
		return append(clauses, column+" = ?"), append(args, m.Text)
	}
	c, a := l.like(column, m.Text, true, false)
	return append(clauses, c), append(args, a)
}

func whereOf(clauses []string) string {
	if len(clauses) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(clauses, " AND ")
}

// User reads a user; nil when there is none.
func (d *DB) User(ctx context.Context, name string) (*User, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	var u User
	ok, err := s.one(ctx, "SELECT username, password FROM users WHERE username = ?", []any{name}, &u.Name, &u.Password)
	if !ok {
		return nil, err
	}
	return &u, nil
}

// Users searches users by name, one page, in the order of the names.
func (d *DB) Users(ctx context.Context, name Match, pageNo, size int) (Page[User], error) {
	s, err := d.source(copied)
	if err != nil {
		return Page[User]{}, err
	}
	w, args := name.where(s.lay, "username", nil, nil)
	return page(ctx, s, "username, password", " FROM users"+whereOf(w), args, " ORDER BY username", pageNo, size,
		func(r *sql.Rows, u *User) error { return r.Scan(&u.Name, &u.Password) })
}

// Usernames lists the names that contain part.
func (d *DB) Usernames(ctx context.Context, part string) ([]string, error) {
	return d.names(ctx, "username", "users", part)
}

// RoleNames lists the role of every row of roles whose role contains part.
func (d *DB) RoleNames(ctx context.Context, part string) ([]string, error) {
	return d.names(ctx, "role", "roles", part)
}

func (d *DB) names(ctx context.Context, column, table, part string) ([]string, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	// The stars are ours; one in the text stands for itself.
	pattern, arg := column+" LIKE ?", "%"+likeEscaper.Replace(part)+"%"
	if !s.lay.mysql {
		pattern, arg = column+" GLOB ?", "*"+glob(part, false, false)+"*"
	}
	return list(ctx, s, "SELECT "+column+" FROM "+table+" WHERE "+pattern+" ORDER BY "+column, []any{arg},
		func(r *sql.Rows, n *string) error { return r.Scan(n) })
}

//nolint:gochecknoglobals // a table
var likeEscaper = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// Roles searches rows of roles, one page.
func (d *DB) Roles(ctx context.Context, user, role Match, pageNo, size int) (Page[Role], error) {
	s, err := d.source(copied)
	if err != nil {
		return Page[Role]{}, err
	}
	w, args := user.where(s.lay, "username", nil, nil)
	w, args = role.where(s.lay, "role", w, args)
	return page(ctx, s, "role, username", " FROM roles"+whereOf(w), args, " ORDER BY role, username", pageNo, size,
		func(r *sql.Rows, v *Role) error { return r.Scan(&v.Role, &v.User) })
}

// Permissions searches rows of permissions, one page.
func (d *DB) Permissions(ctx context.Context, role Match, pageNo, size int) (Page[Permission], error) {
	s, err := d.source(copied)
	if err != nil {
		return Page[Permission]{}, err
	}
	w, args := role.where(s.lay, "role", nil, nil)
	return page(ctx, s, "role, resource, action", " FROM permissions"+whereOf(w), args, " ORDER BY role, resource, action", pageNo, size,
		func(r *sql.Rows, v *Permission) error { return r.Scan(&v.Role, &v.Resource, &v.Action) })
}

// Revocations lists since when the tokens of which users count.
func (d *DB) Revocations(ctx context.Context) ([]Revocation, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	if err := s.lay.own.look(ctx, s.run); err != nil { // another node may have been the first to need it
		return nil, err
	}
	if !s.lay.owns("pharos_revocations") {
		return nil, nil
	}
	return list(ctx, s, "SELECT username, issued_before FROM pharos_revocations ORDER BY username", nil, func(r *sql.Rows, v *Revocation) error {
		var at int64
		err := r.Scan(&v.User, &at)
		v.Before = time.UnixMilli(at).UTC()
		return err
	})
}

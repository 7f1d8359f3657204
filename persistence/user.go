package persistence

import "time"

// The codes of ops on users. They are only ever added.
const (
	opCreateUser       opCode = 400
	opUpdatePassword   opCode = 401
	opRemoveUser       opCode = 402
	opAddRole          opCode = 410
	opRemoveRole       opCode = 411
	opAddPermission    opCode = 420
	opRemovePermission opCode = 421
	opRevokeTokens     opCode = 430
)

// CreateUser adds a user. It is refused with ErrExists when the name is taken.
type CreateUser struct {
	Name     string
	Password string // a bcrypt hash
	// First refuses with ErrConflict when there is a user with the role Role, and
	// gives the new one this role: how the first administrator is made, once.
	First string `json:",omitempty"`
}

func (CreateUser) code() opCode  { return opCreateUser }
func (CreateUser) refusesFirst() {}

func (o CreateUser) run(tx *txn) (Result, error) {
	if !fit(o.Name, 50) || !fit(o.Password, 500) || !fit(o.First, 50) {
		return Result{}, ErrValue
	}
	var n int64
	if o.First != "" {
		if _, err := tx.one("SELECT COUNT(*) FROM roles WHERE role = ?", []any{o.First}, &n); err != nil || n > 0 {
			return Result{}, firstErr(err, ErrConflict)
		}
	}
	if _, err := tx.one("SELECT COUNT(*) FROM users WHERE username = ?", []any{o.Name}, &n); err != nil || n > 0 {
		return Result{}, firstErr(err, ErrExists)
	}
	if _, err := tx.exec("INSERT INTO users (username, password, enabled) VALUES (?,?,?)", o.Name, o.Password, true); err != nil {
		return Result{}, err
	}
	if o.First != "" {
		if _, err := (AddRole{Role: o.First, User: o.Name}).run(tx); err != nil {
			return Result{}, err
		}
	}
	return Result{N: 1}, nil
}

// UpdatePassword sets a user's password. The result's N is 0 when there is no
// such user.
type UpdatePassword struct {
	Name     string
	Password string // a bcrypt hash
}

func (UpdatePassword) code() opCode  { return opUpdatePassword }
func (UpdatePassword) refusesFirst() {}

func (o UpdatePassword) run(tx *txn) (Result, error) {
	if !fit(o.Password, 500) {
		return Result{}, ErrValue
	}
	n, err := tx.exec("UPDATE users SET password = ? WHERE username = ?", o.Password, o.Name)
	return Result{N: n}, err
}

// RemoveUser removes a user, with what he has set for himself. Roles stay, as in Nacos, unless Roles is set. The
// result's N is 0 when there is no such user.
type RemoveUser struct {
	Name  string
	Roles bool `json:",omitempty"`
}

func (RemoveUser) code() opCode  { return opRemoveUser }
func (RemoveUser) refusesFirst() {}

func (o RemoveUser) run(tx *txn) (Result, error) {
	n, err := tx.exec("DELETE FROM users WHERE username = ?", o.Name)
	if err == nil && o.Roles {
		_, err = tx.exec("DELETE FROM roles WHERE username = ?", o.Name)
	}
	if err == nil {
		err = tx.forget(o.Name)
	}
	return Result{N: n}, err
}

// AddRole gives a user a role. It is refused with ErrExists when the user has it.
type AddRole struct{ Role, User string }

func (AddRole) code() opCode  { return opAddRole }
func (AddRole) refusesFirst() {}

func (o AddRole) run(tx *txn) (Result, error) {
	if !fit(o.Role, 50) || !fit(o.User, 50) {
		return Result{}, ErrValue
	}
	var n int64
	if _, err := tx.one("SELECT COUNT(*) FROM roles WHERE username = ? AND role = ?", []any{o.User, o.Role}, &n); err != nil || n > 0 {
		return Result{}, firstErr(err, ErrExists)
	}
	_, err := tx.exec("INSERT INTO roles (username, role) VALUES (?,?)", o.User, o.Role)
	return Result{N: 1}, err
}

// RemoveRole takes a role from a user, or from all when User is "".
type RemoveRole struct{ Role, User string }

func (RemoveRole) code() opCode  { return opRemoveRole }
func (RemoveRole) refusesFirst() {}

func (o RemoveRole) run(tx *txn) (Result, error) {
	q, args := "DELETE FROM roles WHERE role = ?", []any{o.Role}
	if o.User != "" {
		q, args = q+" AND username = ?", append(args, o.User)
	}
	n, err := tx.exec(q, args...)
	return Result{N: n}, err
}

// AddPermission grants a role an action on a resource. It is refused with
// ErrExists when the role has it.
type AddPermission struct{ Role, Resource, Action string }

func (AddPermission) code() opCode  { return opAddPermission }
func (AddPermission) refusesFirst() {}

func (o AddPermission) run(tx *txn) (Result, error) {
	if !fit(o.Role, 50) || !fit(o.Resource, 512) || !fit(o.Action, 8) {
		return Result{}, ErrValue
	}
	var n int64
	if _, err := tx.one("SELECT COUNT(*) FROM permissions WHERE role = ? AND resource = ? AND action = ?", []any{o.Role, o.Resource, o.Action}, &n); err != nil || n > 0 {
		return Result{}, firstErr(err, ErrExists)
	}
	_, err := tx.exec("INSERT INTO permissions (role, resource, action) VALUES (?,?,?)", o.Role, o.Resource, o.Action)
	return Result{N: 1}, err
}

// RemovePermission takes a permission from a role.
type RemovePermission struct{ Role, Resource, Action string }

func (RemovePermission) code() opCode  { return opRemovePermission }
func (RemovePermission) refusesFirst() {}

func (o RemovePermission) run(tx *txn) (Result, error) {
	n, err := tx.exec("DELETE FROM permissions WHERE role = ? AND resource = ? AND action = ?", o.Role, o.Resource, o.Action)
	return Result{N: n}, err
}

// RevokeTokens makes the tokens of a user void that were issued before a time;
// the user "" is everybody. A later time that is stored stays.
type RevokeTokens struct {
	User   string
	Before time.Time
}

func (RevokeTokens) code() opCode  { return opRevokeTokens }
func (RevokeTokens) refusesFirst() {}

// needs says which of our own tables the op writes to.
func (RevokeTokens) needs(*layout) string { return "pharos_revocations" }

func (o RevokeTokens) run(tx *txn) (Result, error) {
	at := o.Before.UnixMilli()
	n, err := tx.exec("UPDATE pharos_revocations SET issued_before = CASE WHEN issued_before < ? THEN ? ELSE issued_before END WHERE username = ?", at, at, o.User)
	if err != nil {
		return Result{}, err
	}
	if n == 0 {
		_, err = tx.exec("INSERT INTO pharos_revocations (username, issued_before) VALUES (?,?)"+tx.lay.orSkip("username"), o.User, at)
	}
	return Result{N: 1}, err
}

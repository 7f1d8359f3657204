package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// AdminName is the user that set-up makes the first administrator.
const AdminName = "nacos"

// maxName bounds the name of a user or a role, in characters: the width of
// Nacos's columns.
const maxName = 50

// CreateUser adds a user without any role.
func (s *Service) CreateUser(ctx context.Context, name, password string) error {
	if err := checkUser(name, password); err != nil {
		return err
	}
	s.Fresh(ctx, 0) // what is known here decides
	taken := service.Errorf(service.BadParam, "user '%s' already exist!", name)
	if u := s.dir.Load().users[name]; u != nil && u.hash != "" { // whose tokens are not to die of this
		return taken
	}
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	// Tokens of a user of this name who was removed are void already; an earlier
	// one of a database that had no cut-off yet may not come back to life.
	if err := s.revoke(ctx, name); err != nil {
		return err
	}
	err = s.commit(ctx, persistence.CreateUser{Name: name, Password: hash})
	if errors.Is(err, persistence.ErrExists) {
		return taken
	}
	return failed(err)
}

func checkUser(name, password string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return service.Errorf(service.BadParam, "username is blank")
	case utf8.RuneCountInString(name) > maxName:
		return service.Errorf(service.BadParam, "username is longer than %d characters", maxName)
	case password == "":
		return service.Errorf(service.BadParam, "password is blank")
	case len(password) > maxPassword:
		return service.Errorf(service.BadParam, "Password length must not exceed %d characters", maxPassword)
	}
	return nil
}

// ErrAdminExists is returned when there is an administrator already.
var ErrAdminExists = errors.New("there is an administrator already")

// CreateAdmin makes the first administrator. A blank password has one made. It
// returns ErrAdminExists when there is one already, whoever was faster.
func (s *Service) CreateAdmin(ctx context.Context, password string) (string, error) {
	s.Fresh(ctx, 0) // what is known here decides
	if password == "" {
		password = randomPassword()
	}
	if err := checkUser(AdminName, password); err != nil {
		return "", err
	}
	hash, err := hashPassword(password)
	if err != nil {
		return "", err
	}
	if s.HasAdmin() {
		return "", ErrAdminExists
	}
	err = s.commit(ctx, persistence.CreateUser{Name: AdminName, Password: hash, First: AdminRole})
	switch {
	case errors.Is(err, persistence.ErrConflict):
		return "", ErrAdminExists
	case errors.Is(err, persistence.ErrExists): // a user of that name without the role
		return "", service.Errorf(service.BadParam, "user '%s' already exist!", AdminName)
	}
	return password, failed(err)
}

// RemoveUser removes a user with his roles, which another one of that name is not
// to inherit, and makes his tokens void. That there is no such user is no error.
// An administrator cannot be removed.
func (s *Service) RemoveUser(ctx context.Context, name string) error {
	s.Fresh(ctx, 0) // what is known here decides
	if s.IsAdmin(name) {
		return service.Errorf(service.BadParam, "cannot delete admin: %s", name)
	}
	if err := s.revoke(ctx, name); err != nil {
		return err
	}
	return failed(s.commit(ctx, persistence.RemoveUser{Name: name, Roles: true}))
}

// ChangePassword sets a user's password and makes his tokens void.
func (s *Service) ChangePassword(ctx context.Context, name, password string) error {
	if err := checkUser(name, password); err != nil {
		return err
	}
	s.Fresh(ctx, 0) // what is known here decides
	if u := s.dir.Load().users[name]; u == nil || u.hash == "" {
		return service.Errorf(service.BadParam, "user %s not exist!", name)
	}
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	// First the tokens: if the second write fails, the caller tries again, and
	// in between nothing old is valid.
	if err := s.revoke(ctx, name); err != nil {
		return err
	}
	return failed(s.commit(ctx, persistence.UpdatePassword{Name: name, Password: hash}))
}

// Logout makes all tokens of a user void. Where the database has no place for it,
// because its user may not make tables, it is refused with service.Unsupported.
func (s *Service) Logout(ctx context.Context, name string) error {
	err := s.cut(ctx, name)
	if errors.Is(err, persistence.ErrUnsupported) {
		return service.Errorf(service.Unsupported, "tokens cannot be made void: the database user may not make the table for it")
	}
	return failed(err)
}

// revoke makes the tokens void that a user has now, for something else that is to
// be done even where there is no place for that: it was logged when that was found
// out.
func (s *Service) revoke(ctx context.Context, name string) error {
	err := s.cut(ctx, name)
	if errors.Is(err, persistence.ErrUnsupported) {
		return nil
	}
	return failed(err)
}

// cut makes the tokens void that a user has now.
func (s *Service) cut(ctx context.Context, name string) error {
	at := time.Now()
	// A login within the second of the last cut-off was issued as of the next
	// second: this cut-off takes it in.
	if last := s.dir.Load().cutoffOf(name); at.Unix() <= last {
		at = time.Unix(last+1, 0)
	}
	return s.commit(ctx, persistence.RevokeTokens{User: name, Before: at})
}

// AddRole gives a user a role, which exists from then on.
func (s *Service) AddRole(ctx context.Context, role, user string) error {
	s.Fresh(ctx, 0) // what is known here decides
	switch {
	case role == AdminRole:
		return service.Errorf(service.BadParam, "role '%s' is not permitted to create!", AdminRole)
	case strings.TrimSpace(role) == "" || utf8.RuneCountInString(role) > maxName:
		return service.Errorf(service.BadParam, "role must have from 1 to %d characters", maxName)
	case !s.mayHaveRoles(user):
		return service.Errorf(service.BadParam, "user '%s' not found!", user)
	}
	err := s.commit(ctx, persistence.AddRole{Role: role, User: user})
	if errors.Is(err, persistence.ErrExists) {
		return service.Errorf(service.BadParam, "user '%s' already bound to the role '%s'!", user, role)
	}
	return failed(err)
}

// mayHaveRoles reports whether a user is known, or could be a directory's.
func (s *Service) mayHaveRoles(user string) bool {
	u := s.dir.Load().users[user]
	return u != nil && u.hash != "" || s.o.Second != nil && strings.HasPrefix(user, ldapPrefix)
}

// RemoveRole takes a role from a user, or from everybody where user is blank.
// The last administrator stays one.
func (s *Service) RemoveRole(ctx context.Context, role, user string) error {
	s.Fresh(ctx, 0) // what is known here decides
	s.removing.Lock()
	defer s.removing.Unlock()
	if role == AdminRole && s.lastAdmin(user) {
		return service.Errorf(service.BadParam, "the last administrator cannot be removed")
	}
	return failed(s.commit(ctx, persistence.RemoveRole{Role: role, User: user}))
}

func (s *Service) lastAdmin(user string) bool {
	for name, u := range s.dir.Load().users {
		if u.admin && user != "" && name != user {
			return false
		}
	}
	return true
}

// AddPermission grants a role an action on resources. That it has it already
// is no error.
func (s *Service) AddPermission(ctx context.Context, role, resource, action string) error {
	s.Fresh(ctx, 0) // what is known here decides
	if _, ok := s.dir.Load().roles[role]; !ok {
		return service.Errorf(service.BadParam, "role %s not found!", role)
	}
	if strings.TrimSpace(resource) == "" {
		return service.Errorf(service.BadParam, "resource is blank")
	}
	if action != "r" && action != "w" && action != "rw" {
		return service.Errorf(service.BadParam, "action must be r, w or rw")
	}
	err := s.commit(ctx, persistence.AddPermission{Role: role, Resource: resource, Action: action})
	if errors.Is(err, persistence.ErrExists) {
		return nil
	}
	return failed(err)
}

// RemovePermission takes a permission from a role. That it had none is no error.
func (s *Service) RemovePermission(ctx context.Context, role, resource, action string) error {
	return failed(s.commit(ctx, persistence.RemovePermission{Role: role, Resource: resource, Action: action}))
}

// HasPermission reports whether a role has the permission, or one on the same
// resource for reading and writing.
func (s *Service) HasPermission(role, resource, action string) bool {
	return slices.ContainsFunc(s.dir.Load().roles[role], func(p rule) bool {
		return p.resource == resource && (p.action == action || p.action == "rw")
	})
}

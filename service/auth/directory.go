package auth

import (
	"slices"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/persistence"
)

// AdminRole is the role whose holders may do everything.
const AdminRole = "ROLE_ADMIN"

// directory is all users, roles and permissions at one moment. It is never
// changed: a change makes a new one.
type directory struct {
	users  map[string]*account
	roles  map[string][]rule // by role; a role without permissions has an entry too
	cutoff map[string]time.Time
	ended  ended
	admin  bool // somebody holds AdminRole
}

type account struct {
	name, hash string
	roles      []string // sorted
	admin      bool
}

func newDirectory(users []persistence.User, roles []persistence.Role, perms []persistence.Permission, cuts []persistence.Revocation) *directory {
	d := &directory{users: map[string]*account{}, roles: map[string][]rule{}, cutoff: map[string]time.Time{}}
	for _, u := range users {
		d.users[u.Name] = &account{name: u.Name, hash: u.Password}
	}
	for _, r := range roles {
		d.roles[r.Role] = nil
		d.admin = d.admin || r.Role == AdminRole
		u := d.users[r.User]
		if u == nil { // an LDAP user has roles and no row
			u = &account{name: r.User}
			d.users[r.User] = u
		}
		u.roles = append(u.roles, r.Role)
		u.admin = u.admin || r.Role == AdminRole
	}
	for _, u := range d.users {
		slices.Sort(u.roles)
	}
	for _, p := range perms {
		d.roles[p.Role] = append(d.roles[p.Role], newRule(p.Role, p.Resource, p.Action))
	}
	for _, c := range cuts {
		d.cutoff[c.User] = c.Before
	}
	return d
}

// revoked reports whether a token was issued before the cut-off of its user, or
// of everybody. Tokens carry whole seconds, so one of the cut-off's own second
// is void too; login takes care not to issue such a one.
func (d *directory) revoked(t Token) bool {
	return t.Issued.Unix() <= d.cutoffOf(t.User)
}

// cutoffOf is the last second whose tokens of user are void, a negative number
// where there is none.
func (d *directory) cutoffOf(user string) int64 {
	at := int64(-1 << 62)
	for _, k := range []string{user, ""} {
		if c, ok := d.cutoff[k]; ok {
			at = max(at, c.Unix())
		}
	}
	return at
}

// decide says whether user may do action to r, and by which rule.
func (d *directory) decide(user string, r Resource, action Action) Decision {
	u := d.users[user]
	switch {
	case u == nil:
		return Decision{Reason: "there is no such user, or it has no role"}
	case u.admin:
		return Decision{Allowed: true, Reason: "the user is an administrator", Role: AdminRole}
	case len(u.roles) == 0:
		return Decision{Reason: "the user has no role"}
	case strings.HasPrefix(r.Fixed, consolePrefix):
		return Decision{Reason: "only an administrator may"}
	}
	for _, role := range u.roles {
		rules := d.roles[role]
		for i := range rules {
			if rules[i].allows(r, action) {
				return Decision{Allowed: true, Reason: "a permission grants it", Role: role, Pattern: rules[i].resource, Action: rules[i].action}
			}
		}
	}
	return Decision{Reason: "no permission of the user's roles grants it"}
}

// Decision is the answer to "may this user do that", with the why.
type Decision struct {
	Allowed bool
	Reason  string
	Role    string // whose permission decided; "" where none did
	Pattern string // of that permission
	Action  string // of that permission
}

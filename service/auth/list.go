package auth

import (
	"cmp"
	"slices"
	"strings"
)

// RoleBinding is a user's role.
type RoleBinding struct{ Role, User string }

// Grant is a permission as it is stored.
type Grant struct{ Role, Resource, Action string }

// matcher tells names by a search: exactly, or by a pattern in which "*" is any
// text. A blank one matches all.
func matcher(pattern string, blur bool) func(string) bool {
	switch {
	case pattern == "":
		return func(string) bool { return true }
	case blur:
		return newGlob(pattern).match
	default:
		return func(s string) bool { return s == pattern }
	}
}

// Users lists the names of users in the table, sorted.
func (s *Service) Users(pattern string, blur bool) []string {
	match := matcher(pattern, blur)
	var all []string
	for name, u := range s.dir.Load().users {
		if u.hash != "" && match(name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// UsersContaining lists the names that contain text, sorted.
func (s *Service) UsersContaining(text string) []string {
	return slices.DeleteFunc(s.Users("", false), func(n string) bool { return !strings.Contains(n, text) })
}

// Roles lists who has which role, sorted.
func (s *Service) Roles(user, role string, blur bool) []RoleBinding {
	byUser, byRole := matcher(user, blur), matcher(role, blur)
	var all []RoleBinding
	for name, u := range s.dir.Load().users {
		if !byUser(name) {
			continue
		}
		for _, r := range u.roles {
			if byRole(r) {
				all = append(all, RoleBinding{r, name})
			}
		}
	}
	slices.SortFunc(all, func(a, b RoleBinding) int {
		return cmp.Or(strings.Compare(a.Role, b.Role), strings.Compare(a.User, b.User))
	})
	return all
}

// RolesContaining lists the roles whose name contains text, sorted: one entry
// for each user who has it, as in Nacos.
func (s *Service) RolesContaining(text string) []string {
	var all []string
	for _, b := range s.Roles("", "", false) {
		if strings.Contains(b.Role, text) {
			all = append(all, b.Role)
		}
	}
	return all
}

// Permissions lists what roles may do, sorted.
func (s *Service) Permissions(role string, blur bool) []Grant {
	match := matcher(role, blur)
	var all []Grant
	for name, rules := range s.dir.Load().roles {
		if !match(name) {
			continue
		}
		for _, p := range rules {
			all = append(all, Grant{p.role, p.resource, p.action})
		}
	}
	slices.SortFunc(all, func(a, b Grant) int {
		return cmp.Or(strings.Compare(a.Role, b.Role), strings.Compare(a.Resource, b.Resource), strings.Compare(a.Action, b.Action))
	})
	return all
}

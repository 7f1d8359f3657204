package auth

// Reach is what a user may do in a namespace.
type Reach struct {
	Config string // "", "r", "w" or "rw": on all of its configs
	Naming string // the same, on all of its services
	Part   bool   // there are permissions on some groups or names of it
}

// Reach says what a user may do in a namespace.
func (s *Service) Reach(user, namespace string) Reach {
	d := s.dir.Load()
	r := Reach{
		Config: d.actions(user, Resource{Namespace: namespace, Kind: "config"}),
		Naming: d.actions(user, Resource{Namespace: namespace, Kind: "naming"}),
	}
	u := d.users[user]
	if u == nil || u.admin {
		return r
	}
	for _, role := range u.roles {
		for i := range d.roles[role] {
			rule := &d.roles[role][i]
			if rule.partial() && rule.namespace.match(namespaceOf(namespace)) {
				r.Part = true
			}
		}
	}
	return r
}

// Actions is what a user may do to r: "", "r", "w" or "rw".
func (s *Service) Actions(user string, r Resource) string { return s.dir.Load().actions(user, r) }

func (d *directory) actions(user string, r Resource) string {
	read, write := d.decide(user, r, Read).Allowed, d.decide(user, r, Write).Allowed
	switch {
	case read && write:
		return "rw"
	case read:
		return "r"
	case write:
		return "w"
	default:
		return ""
	}
}

// RolesOf lists the roles of a user, sorted.
func (s *Service) RolesOf(user string) []string {
	u := s.dir.Load().users[user]
	if u == nil {
		return nil
	}
	return append([]string(nil), u.roles...)
}

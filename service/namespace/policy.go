package namespace

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// Policy is what the console asks for before it writes to a namespace, and how it marks
// it. Programs that write through other APIs are asked for nothing.
type Policy struct {
	// Protected has whoever publishes, deletes or imports type the namespace's id.
	Protected bool `json:"protected,omitempty"`
	// Note has whoever changes a config say what for.
	Note bool `json:"noteRequired,omitempty"`
	// Color is that of the environment, one of Colors; "": none.
	Color string `json:"color,omitempty"`
	// Label names the environment, in up to MaxLabel letters; "": the namespace's name.
	Label string `json:"label,omitempty"`
}

// MaxLabel bounds the name of an environment, in letters.
const MaxLabel = 24

// maxPolicies bounds the namespaces that have a policy.
const maxPolicies = 10_000

// Colors are those that an environment may have.
func Colors() []string {
	return []string{"red", "orange", "yellow", "green", "teal", "blue", "purple", "gray"}
}

// Policies returns the policies of the namespaces that have one, by their ids.
func (s *Service) Policies(ctx context.Context) (map[string]Policy, error) {
	rows, err := s.store.Policies(ctx)
	if err != nil {
		return nil, failed(err)
	}
	out := make(map[string]Policy, len(rows))
	for _, r := range rows {
		var p Policy
		if json.Unmarshal([]byte(r.Policy), &p) != nil {
			p = Policy{Protected: true} // another hand was at the table: rather one question too many
		}
		out[r.Tenant] = p
	}
	return out, nil
}

// SetPolicy sets what is asked for before writes to a namespace.
func (s *Service) SetPolicy(ctx context.Context, id string, p Policy) error {
	if _, err := s.Get(ctx, id); err != nil {
		return err
	}
	p.Label = strings.TrimSpace(p.Label)
	switch {
	case p.Color != "" && !slices.Contains(Colors(), p.Color):
		return service.Errorf(service.BadParam, "color must be one of %s, or blank", strings.Join(Colors(), ", "))
	case utf8.RuneCountInString(p.Label) > MaxLabel:
		return service.Errorf(service.BadParam, "label is longer than %d letters", MaxLabel)
	case !utf8.ValidString(p.Label) || strings.ContainsFunc(p.Label, func(r rune) bool { return unicode.IsControl(r) || r > 0xffff }):
		return service.Errorf(service.BadParam, "label has a letter that cannot be kept")
	}
	op := persistence.PutPolicy{Tenant: id, Rows: maxPolicies}
	if p != (Policy{}) {
		b, err := json.Marshal(p)
		if err != nil {
			return service.Wrap(service.Internal, err, "the policy cannot be written")
		}
		op.Policy = string(b)
	}
	_, err := s.write(ctx, op)
	switch {
	case errors.Is(err, persistence.ErrTooMany):
		return service.Errorf(service.TooLarge, "there is no room for more policies")
	case errors.Is(err, persistence.ErrUnsupported):
		return service.Errorf(service.Unsupported, "policies cannot be kept: the database user may not make the table for them")
	}
	return failed(err)
}

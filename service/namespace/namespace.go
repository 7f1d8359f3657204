// Package namespace keeps the namespaces: what isolates one tenant's configs
// and services from another's. The public namespace always exists and has no
// row.
package namespace

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// The kinds of namespaces, as they are on the wire of 2.x.
const (
	TypePublic = 0
	TypeCustom = 2
)

// quota is what consoles are told a namespace may hold; nothing enforces it.
const quota = 200

// maxID bounds the length of an id, in characters.
const maxID = 128

// Namespace is a namespace with its number of configs.
type Namespace struct {
	ID      string
	Name    string
	Desc    *string // nil: never given
	Quota   int
	Configs int64
	Type    int
}

// Store is what the service asks of the database.
type Store interface {
	Tenants(ctx context.Context) ([]persistence.Tenant, error)
	CountByTenant(ctx context.Context) (map[string]int64, error)
	Policies(ctx context.Context) ([]persistence.Policy, error)
}

// Writer commits an op: directly, or through the log of the cluster.
type Writer func(ctx context.Context, op persistence.Op) (persistence.Result, error)

// Service is the operations on namespaces.
type Service struct {
	store   Store
	write   Writer
	current func(context.Context) error
}

// New returns the service over a database. current waits until the database has
// what was written on other nodes; nil: it always has.
func New(store Store, write Writer, current func(context.Context) error) *Service {
	return &Service{store: store, write: write, current: current}
}

// List returns the public namespace, then the others as the database has them.
func (s *Service) List(ctx context.Context) ([]Namespace, error) {
	rows, err := s.store.Tenants(ctx)
	if err != nil {
		return nil, failed(err)
	}
	counts, err := s.store.CountByTenant(ctx)
	if err != nil {
		return nil, failed(err)
	}
	all := make([]Namespace, 0, len(rows)+1)
	all = append(all, public(counts[""]))
	for _, r := range rows {
		all = append(all, Namespace{ID: r.ID, Name: r.Name, Desc: r.Desc, Quota: quota, Configs: counts[r.ID], Type: TypeCustom})
	}
	return all, nil
}

func public(configs int64) Namespace {
	desc := "Default Namespace"
	return Namespace{Name: "public", Desc: &desc, Quota: quota, Configs: configs, Type: TypePublic}
}

// Get returns one namespace. The blank id is the public one; its literal name
// is not known here, as in Nacos 2.5.
func (s *Service) Get(ctx context.Context, id string) (Namespace, error) {
	n, err := s.get(ctx, id)
	if service.Is(err, service.NamespaceMissing) && s.current != nil && s.current(ctx) == nil { // it may have been made elsewhere just now
		return s.get(ctx, id)
	}
	return n, err
}

func (s *Service) get(ctx context.Context, id string) (Namespace, error) {
	all, err := s.List(ctx)
	if err != nil {
		return Namespace{}, err
	}
	for _, n := range all {
		if n.ID == strings.TrimSpace(id) {
			return n, nil
		}
	}
	return Namespace{}, service.Errorf(service.NamespaceMissing, "namespaceId [ %s ] not exist", id)
}

// Exists reports whether a namespace of that id has been made.
func (s *Service) Exists(ctx context.Context, id string) (bool, error) {
	if strings.TrimSpace(id) == "" {
		return false, nil
	}
	_, err := s.Get(ctx, id)
	if service.Is(err, service.NamespaceMissing) {
		return false, nil
	}
	return err == nil, err
}

// Create makes a namespace. A blank id becomes a random UUID.
func (s *Service) Create(ctx context.Context, id, name string, desc *string) error {
	id = strings.TrimSpace(id)
	switch {
	case id == "":
		id = uuid()
	case !validID(id):
		return service.Errorf(service.NamespaceInvalid, "namespaceId [%s] mismatch the pattern", id)
	case len(id) > maxID:
		return service.Errorf(service.NamespaceInvalid, "too long namespaceId, over %d", maxID)
	}
	if err := checkName(name); err != nil {
		return err
	}
	_, err := s.write(ctx, persistence.CreateTenant{ID: id, Name: name, Desc: desc, Time: time.Now()})
	if errors.Is(err, persistence.ErrExists) {
		return service.Errorf(service.NamespaceInvalid, "the namespaceId is existed, namespaceId: %s", id)
	}
	return failed(err)
}

// Update changes name and description. That a namespace does not exist is no
// error, as in Nacos.
func (s *Service) Update(ctx context.Context, id, name string, desc *string) error {
	if err := checkName(name); err != nil {
		return err
	}
	_, err := s.write(ctx, persistence.UpdateTenant{ID: id, Name: name, Desc: desc, Time: time.Now()})
	return failed(err)
}

// Remove forgets a namespace. Its configs and services stay where they are.
func (s *Service) Remove(ctx context.Context, id string) error {
	_, err := s.write(ctx, persistence.RemoveTenant{ID: id})
	return failed(err)
}

func checkName(name string) error {
	if strings.TrimSpace(name) == "" || strings.ContainsAny(name, "@#$%^&*") {
		return service.Errorf(service.NamespaceInvalid, "namespaceName [%s] contains illegal char", name)
	}
	return nil
}

// validID reports whether id is made of letters, digits, '_' and '-'.
func validID(id string) bool {
	for _, c := range id {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// uuid returns a random UUID, version 4 (RFC 9562 §5.4).
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// failed gives a database error its code; nil stays nil.
func failed(err error) error {
	var known *service.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, persistence.ErrValue):
		return service.Errorf(service.NamespaceInvalid, "namespaceName or namespaceDesc is too long")
	case errors.Is(err, persistence.ErrDenied):
		return service.Wrap(service.Unavailable, err, "the server may not write to the database")
	case errors.Is(err, persistence.ErrUnavailable):
		return service.Wrap(service.Unavailable, err, "the database is not available now, try again later")
	default:
		return service.Wrap(service.Internal, err, "the database failed")
	}
}

package config

import (
	"context"
	"crypto/md5" //nolint:gosec // the digest that configs have on the wire
	"encoding/hex"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// Author is who asks for a write.
type Author struct {
	User string // "" is nobody in particular
	IP   string
	Note string // what the change is for; "" is not said
}

func (a Author) writer() persistence.Writer {
	w := persistence.Writer{SrcIP: a.IP, Time: time.Now(), Note: a.Note}
	if a.User != "" {
		w.SrcUser = &a.User
	}
	return w
}

// Publish is a version of a config to be written. A nil pointer is a field that
// was not given.
type Publish struct {
	Key          Key
	Content      string
	Tag          string // not blank: the copy for those who carry the tag
	BetaIPs      string // not blank: the copy for those addresses; goes before Tag
	AppName      *string
	Tags         *string // of the config, joined by commas
	Type         *string
	Desc         *string
	Use          *string
	Effect       *string
	Schema       *string
	EncryptedKey string // not "": the content was encrypted by the client
	CASMD5       string // not "": the digest that what is there must have
	Absent       bool   // there must be none: service.Conflict where there is
	Present      bool   // there must be one: service.Stale where there is none
	By           Author
}

// Publish writes a version of a config. It can be read, and those who wait for
// it are being told, when Publish returns.
func (s *Service) Publish(ctx context.Context, p Publish) error {
	s.publishes.Add(1)
	if err := p.check(s.o.MaxContent); err != nil {
		return err
	}
	t := validType(deref(p.Type))
	p.Type = &t
	p.clean()
	if !blank(p.BetaIPs) {
		return s.publishGray(ctx, p, persistence.BetaName, persistence.BetaRule(p.BetaIPs))
	}
	if !blank(p.Tag) {
		tag := strings.TrimSpace(p.Tag)
		return s.publishGray(ctx, p, persistence.TagPrefix+tag, persistence.TagRule(tag))
	}
	return s.publishFormal(ctx, p, p.Absent)
}

// CheckNamed refuses a publish for its key or its content, which Publish does as
// well: some protocols tell these two from the rest.
func (s *Service) CheckNamed(k Key, content string) error {
	if err := CheckKey(k); err != nil {
		return err
	}
	return checkContent(content, s.o.MaxContent)
}

// clean makes text of what is not UTF-8, as the reference's decoder does.
func (p *Publish) clean() {
	const instead = "\uFFFD"
	p.Content = strings.ToValidUTF8(p.Content, instead)
	for _, f := range []*string{p.AppName, p.Tags, p.Desc, p.Use, p.Effect, p.Schema} {
		if f != nil && !utf8.ValidString(*f) {
			*f = strings.ToValidUTF8(*f, instead)
		}
	}
}

func digest(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

// publishFormal writes the formal copy. With insertOnly it refuses to replace
// one, with service.Conflict.
func (s *Service) publishFormal(ctx context.Context, p Publish, insertOnly bool) error {
	if err := s.checkQuotas(ctx, p); err != nil {
		return err
	}
	_, err := s.o.Write(ctx, persistence.PublishConfig{
		ConfigKey: p.Key, Writer: p.By.writer(),
		Content: p.Content, MD5: digest(p.Content), EncryptedDataKey: p.EncryptedKey,
		AppName: p.AppName, Tags: p.Tags, Type: p.Type, Desc: p.Desc, Use: p.Use, Effect: p.Effect, Schema: p.Schema,
		CAS: p.CASMD5, InsertOnly: insertOnly, UpdateOnly: p.Present, Count: s.quotas(),
	})
	switch {
	case errors.Is(err, persistence.ErrConflict):
		return service.Errorf(service.Stale, "Cas publish fail, server md5 may have changed.")
	case errors.Is(err, persistence.ErrExists):
		return service.Errorf(service.Conflict, "config already exist")
	}
	return failed(err)
}

func (s *Service) publishGray(ctx context.Context, p Publish, name string, rule persistence.GrayRule) error {
	_, err := s.o.Write(ctx, persistence.PublishGray{
		ConfigKey: p.Key, Writer: p.By.writer(),
		Name: name, Rule: rule, Content: p.Content, MD5: digest(p.Content), EncryptedDataKey: p.EncryptedKey,
		AppName: deref(p.AppName), CAS: p.CASMD5, Max: s.o.MaxGray,
	})
	switch {
	case errors.Is(err, persistence.ErrConflict):
		return service.Errorf(service.Stale, "Cas publish gray config fail, server md5 may have changed.")
	case errors.Is(err, persistence.ErrTooMany):
		return service.Errorf(service.GrayFull, "gray config version is over max count :%d", s.o.MaxGray)
	}
	return failed(err)
}

// quotas is what keeps the usage counters, nil where nobody wants them.
func (s *Service) quotas() *persistence.Quotas {
	if !s.o.CountUsage {
		return nil
	}
	return &s.o.Quotas
}

// Remove removes a config, or where tag is not blank its copy for the tag. What
// is not there is removed already. A tag is also taken by the name under which
// its copy is stored, which is what the reference asks for.
func (s *Service) Remove(ctx context.Context, k Key, tag string, by Author) error {
	if err := CheckKey(k); err != nil {
		return err
	}
	if blank(tag) {
		_, err := s.o.Write(ctx, persistence.RemoveConfig{ConfigKey: k, Writer: by.writer(), Count: s.quotas()})
		return absentIsFine(err)
	}
	tag = strings.TrimSpace(tag)
	names := []string{persistence.TagPrefix + tag}
	if tag == persistence.BetaName || strings.HasPrefix(tag, persistence.TagPrefix) {
		names = []string{tag, persistence.TagPrefix + tag}
	}
	for _, name := range names {
		_, err := s.o.Write(ctx, persistence.RemoveGray{ConfigKey: k, Writer: by.writer(), Name: name})
		if !errors.Is(err, persistence.ErrNotFound) {
			return failed(err)
		}
	}
	return nil
}

// RemoveExactly removes a config whose content still has the digest md5, "" is
// any. It refuses with service.Stale where that is not so.
func (s *Service) RemoveExactly(ctx context.Context, k Key, md5 string, by Author) error {
	if err := CheckKey(k); err != nil {
		return err
	}
	_, err := s.o.Write(ctx, persistence.RemoveConfig{ConfigKey: k, Writer: by.writer(), Count: s.quotas(), CAS: md5})
	if errors.Is(err, persistence.ErrConflict) || md5 != "" && errors.Is(err, persistence.ErrNotFound) {
		return service.Errorf(service.Stale, "somebody else has changed or removed it meanwhile")
	}
	return absentIsFine(err)
}

// RemoveGray removes a gray copy by its name.
func (s *Service) RemoveGray(ctx context.Context, k Key, name string, by Author) error {
	_, err := s.o.Write(ctx, persistence.RemoveGray{ConfigKey: k, Writer: by.writer(), Name: name})
	return absentIsFine(err)
}

// RemoveBeta removes the copy for the beta addresses.
func (s *Service) RemoveBeta(ctx context.Context, k Key, by Author) error {
	_, err := s.o.Write(ctx, persistence.RemoveGray{ConfigKey: k, Writer: by.writer(), Name: persistence.BetaName})
	return absentIsFine(err)
}

// Permit says whether a caller may touch a config, where the request names it by
// something else than its key. It returns what the caller is told.
type Permit func(Key) error

// RemoveAll removes the configs with these ids, all or none; those that are not
// there are passed over.
func (s *Service) RemoveAll(ctx context.Context, ids []int64, by Author, may Permit) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := s.db.ConfigsByIDs(ctx, ids)
	if err != nil {
		return failed(err)
	}
	for i := range rows {
		if err := may(rows[i].ConfigKey); err != nil {
			return err
		}
	}
	_, err = s.o.Write(ctx, persistence.RemoveConfigs{IDs: ids, Writer: by.writer(), Count: s.quotas()})
	return failed(err)
}

func absentIsFine(err error) error {
	if errors.Is(err, persistence.ErrNotFound) {
		return nil
	}
	return failed(err)
}

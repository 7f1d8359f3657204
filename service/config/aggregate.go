package config

import (
	"context"
	"errors"
	"strings"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// partEnd stands between the parts of an aggregated config.
const partEnd = "\r\n"

// mergeAggregates makes the configs that a database of Nacos 1.x has in parts
// alone: a Nacos 1.x merges them when it starts, and whoever wrote them last may
// have stopped before. A config that is there stays as it is, and so do the
// parts.
func (s *Service) mergeAggregates(ctx context.Context) error {
	parts, err := s.db.Aggregates(ctx)
	if err != nil {
		return failed(err)
	}
	for len(parts) > 0 {
		n := 1
		for n < len(parts) && parts[n].ConfigKey == parts[0].ConfigKey {
			n++
		}
		if err := s.merge(ctx, parts[:n]); err != nil {
			return err
		}
		parts = parts[n:]
	}
	return nil
}

// merge publishes one config from its parts, in the order of their ids.
func (s *Service) merge(ctx context.Context, parts []persistence.Aggregate) error {
	k := parts[0].ConfigKey
	if it := s.cache.Get(k); it != nil && it.Formal != nil {
		return nil
	}
	texts := make([]string, len(parts))
	for i := range parts {
		texts[i] = parts[i].Content
	}
	app := parts[0].AppName
	err := s.publishFormal(ctx, Publish{Key: k, Content: strings.Join(texts, partEnd), AppName: &app}, true)
	var known *service.Error
	if errors.As(err, &known) && known.Code == service.Conflict { // another node was first
		return nil
	}
	return err
}

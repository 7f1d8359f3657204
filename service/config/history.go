package config

import (
	"context"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// HistoryRow is a version that was, as it is stored.
type HistoryRow = persistence.History

// HistoryPage is one page of a config's history.
type HistoryPage = persistence.Page[persistence.History]

// MaxHistoryPage bounds the rows of one page of history, as in the reference.
const MaxHistoryPage = 500

// History lists the versions of a config and of its gray copies, newest first,
// without their content.
func (s *Service) History(ctx context.Context, k Key, pageNo, size int) (HistoryPage, error) {
	if err := checkPage(pageNo, size); err != nil {
		return HistoryPage{}, err
	}
	p, err := s.db.HistoryOf(ctx, k, pageNo, min(size, MaxHistoryPage))
	return p, failed(err)
}

// Version reads one version with its content, nil where there is none. k is
// what the caller may see; it must be the version's.
func (s *Service) Version(ctx context.Context, k Key, nid int64) (*HistoryRow, error) {
	return ofKey(k)(s.db.History(ctx, nid))
}

// Previous reads the newest version of the config with that id.
func (s *Service) Previous(ctx context.Context, k Key, id int64) (*HistoryRow, error) {
	return ofKey(k)(s.db.HistoryPrevious(ctx, id))
}

func ofKey(k Key) func(*HistoryRow, error) (*HistoryRow, error) {
	return func(h *HistoryRow, err error) (*HistoryRow, error) {
		switch {
		case err != nil:
			return nil, failed(err)
		case h == nil:
			return nil, nil //nolint:nilnil // there is none
		case h.ConfigKey != k:
			return nil, service.Errorf(service.Forbidden, "Please check dataId, group or namespaceId.")
		}
		return h, failed(h.Err)
	}
}

// After is what a version was replaced by.
type After struct {
	MD5, Content, EncryptedKey string
	ExtInfo                    *string // nil where it is not known: the current version
}

// ReplacedBy is what came after the version h, which is an update: the version
// after it, or what is there now. It is nil where that is not there any more.
func (s *Service) ReplacedBy(ctx context.Context, h *HistoryRow) (*After, error) {
	next, err := s.db.HistoryNext(ctx, *h)
	if err == nil && next != nil {
		err = next.Err
	}
	switch {
	case err != nil:
		return nil, failed(err)
	case next != nil:
		return &After{next.MD5, next.Content, next.EncryptedDataKey, next.ExtInfo}, nil
	case h.PublishType == "gray":
		g, err := s.Gray(ctx, h.ConfigKey, deref(h.GrayName))
		if err != nil || g == nil {
			return nil, err
		}
		return &After{MD5: g.MD5, Content: g.Content, EncryptedKey: g.EncryptedDataKey}, nil
	}
	c, err := s.Detail(ctx, h.ConfigKey)
	if err != nil || c == nil {
		return nil, err
	}
	return &After{MD5: c.MD5, Content: c.Content, EncryptedKey: c.EncryptedDataKey}, nil
}

// Cleaning of history: every so often, so many rows in one transaction, and
// again at once while there is more. Writers come in between.
const (
	cleanEvery = 10 * time.Minute
	cleanBatch = 1000
)

// Run cleans history, corrects the counters of capacity and serves Reload,
// until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	clean := time.NewTicker(cleanEvery)
	defer clean.Stop()
	recount := time.NewTicker(s.o.Recount)
	defer recount.Stop()
	merged := s.mergeOnce(ctx)
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-clean.C:
			if s.o.Leads() {
				merged = merged || s.mergeOnce(ctx)
				err = s.clean(ctx)
			}
		case <-recount.C:
			if s.o.CountUsage && s.o.Leads() {
				_, err = s.o.Write(ctx, persistence.CorrectUsage{Time: time.Now()})
			}
		case <-s.reload:
			err = s.Load(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.o.Log.Warn("housekeeping of configs will be tried again", "error", err)
		}
	}
}

// mergeOnce is for the start, or for when this node leads. It reports whether it
// was tried.
func (s *Service) mergeOnce(ctx context.Context) bool {
	if !s.o.Leads() {
		return false
	}
	if err := s.mergeAggregates(ctx); err != nil && ctx.Err() == nil {
		s.o.Log.Warn("configs of Nacos 1.x that lie in parts are not merged", "error", err)
	}
	return true
}

func (s *Service) clean(ctx context.Context) error {
	for ctx.Err() == nil {
		res, err := s.o.Write(ctx, persistence.PurgeHistory{
			Before: time.Now().AddDate(0, 0, -s.o.RetentionDays), Keep: s.o.HistoryKeep, Limit: cleanBatch,
		})
		if err != nil || res.N < cleanBatch {
			return err
		}
	}
	return nil
}

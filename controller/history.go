package controller

import (
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/config"
)

// listHistory lists the versions of a config.
func (a *API) listHistory(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, pageNo, size := f.key(), f.intOr("pageNo", 1), f.intOr("pageSize", 100)
	if f.err != nil {
		return nil, f.err
	}
	p, err := a.o.Config.History(q.Context(), k, pageNo, size)
	if err != nil {
		return nil, err
	}
	return pageOfRows(p.Total, pageNo, min(size, config.MaxHistoryPage), p.Items, historyOf), nil
}

// getHistory is one version.
func (a *API) getHistory(q *middleware.Request) (any, error) {
	h, err := a.version(q)
	if err != nil || h == nil {
		return nil, err
	}
	return versionOf(h), nil
}

func (a *API) version(q *middleware.Request) (*config.HistoryRow, error) {
	f := formOf(q)
	k, nid := f.key(), f.DeclaredInt("nid", longKind)
	if f.err != nil {
		return nil, longError(f.err)
	}
	return a.o.Config.Version(q.Context(), k, nid)
}

// previousHistory is the newest version of a config before the one that it has.
func (a *API) previousHistory(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, id := f.key(), f.DeclaredInt("id", longKind)
	if f.err != nil {
		return nil, longError(f.err)
	}
	h, err := a.o.Config.Previous(q.Context(), k, id)
	if err != nil || h == nil {
		return nil, err
	}
	return versionOf(h), nil
}

// historyDetail is a version beside what it was replaced by.
func (a *API) historyDetail(q *middleware.Request) (any, error) {
	h, err := a.version(q)
	if err != nil || h == nil {
		return nil, err
	}
	var after *config.After
	if h.Op == "U" {
		if after, err = a.o.Config.ReplacedBy(q.Context(), h); err != nil {
			return nil, err
		}
	}
	return historyDetailOf(h, after), nil
}

// longKind is what the error for a missing number calls its type; the error for
// a text in its place has the whole name.
const longKind = "Long"

func longError(err error) error {
	if c, ok := err.(*conversion); ok && c.kind == longKind { //nolint:errorlint // made here, not wrapped
		c.kind = "java.lang.Long"
	}
	return err
}

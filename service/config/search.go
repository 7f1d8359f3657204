package config

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// Row is a config as it is stored, with all that describes it.
type Row = persistence.ConfigInfo

// GrayRow is a gray copy as it is stored.
type GrayRow = persistence.Gray

// RowPage is one page of a search.
type RowPage = persistence.Page[persistence.ConfigInfo]

// Search is what a search asks for; see persistence.ConfigSearch.
type Search = persistence.ConfigSearch

// maxPage bounds the rows of one page, as the reference bounds a statement.
const maxPage = 50_000

// Detail reads a config from the database, nil where there is none.
func (s *Service) Detail(ctx context.Context, k Key) (*Row, error) {
	r, err := s.db.Config(ctx, k)
	if err == nil && r != nil {
		err = r.Err
	}
	return r, failed(err)
}

// Gray reads a gray copy from the database, nil where there is none.
func (s *Service) Gray(ctx context.Context, k Key, name string) (*GrayRow, error) {
	r, err := s.db.Gray(ctx, k, name)
	if err == nil && r != nil {
		err = r.Err
	}
	return r, failed(err)
}

// checkPage refuses pages that there cannot be.
func checkPage(pageNo, size int) error {
	if pageNo <= 0 || size <= 0 {
		return bad("pageNo and pageSize must be greater than zero")
	}
	return nil
}

// Search finds configs.
func (s *Service) Search(ctx context.Context, q Search, pageNo, size int) (RowPage, error) {
	if err := checkPage(pageNo, size); err != nil {
		return RowPage{}, service.Wrap(service.BadParam, err, "serialize page error, dataId="+q.DataID+", group="+q.Group)
	}
	if q.Blur {
		s.fuzzy.Add(1)
	}
	if s.whole() {
		if q.Detail != "" && s.db.Sealed() {
			return RowPage{}, service.Wrap(service.Unsupported, persistence.ErrSealed, persistence.ErrSealed.Error())
		}
		return s.find(q, pageNo, min(size, maxPage)), nil
	}
	q.Content = true
	p, err := s.db.SearchConfigs(ctx, q, pageNo, min(size, maxPage))
	if errors.Is(err, persistence.ErrSealed) {
		return p, service.Wrap(service.Unsupported, err, err.Error())
	}
	return p, failed(err)
}

// SearchContent finds configs by their content too. It is the one read that
// walks all there is, so few of them run at once.
func (s *Service) SearchContent(ctx context.Context, q Search, pageNo, size int) (p RowPage, err error) {
	if err := checkPage(pageNo, size); err != nil {
		return p, errBusy
	}
	if err := s.search.enter(ctx); err != nil {
		return p, err
	}
	defer s.search.leave()
	ctx, cancel := context.WithTimeout(ctx, s.search.wait)
	defer cancel()
	return s.Search(ctx, q, pageNo, size)
}

// OfNamespace lists the configs of a namespace, without their content.
func (s *Service) OfNamespace(ctx context.Context, tenant string) ([]Row, error) {
	if s.whole() {
		found := s.cache.configs(&tenant)
		slices.SortFunc(found, byID)
		rows := make([]Row, 0, min(len(found), maxPage))
		for _, x := range found[:min(len(found), maxPage)] {
			rows = append(rows, x.row(false))
		}
		return rows, nil
	}
	rows, err := s.db.ConfigsOf(ctx, tenant)
	return rows, failed(err)
}

var errBusy = service.Errorf(service.Unavailable, "errCode: 503, errMsg: server limit match. ")

// searchPool lets a few searches run and a few more wait.
type searchPool struct {
	running chan struct{}
	inside  chan struct{} // running and waiting
	wait    time.Duration
}

func newSearchPool(threads, queue int, wait time.Duration) *searchPool {
	return &searchPool{make(chan struct{}, threads), make(chan struct{}, threads+queue), wait}
}

func (p *searchPool) enter(ctx context.Context) error {
	select {
	case p.inside <- struct{}{}:
	default:
		return errBusy
	}
	t := time.NewTimer(p.wait)
	defer t.Stop()
	select {
	case p.running <- struct{}{}:
		return nil
	case <-t.C:
	case <-ctx.Done():
	}
	<-p.inside
	return errBusy
}

func (p *searchPool) leave() {
	<-p.running
	<-p.inside
}

// Health is "UP" while the databases answer, else which does not, in Nacos's
// words.
func (s *Service) Health(ctx context.Context) string {
	for _, d := range s.db.Health(ctx) {
		switch {
		case d.Down == nil:
		case d.Master:
			return "DOWN:master db (" + d.Host + ") down. "
		default:
			return "WARN:slave db (" + d.Host + ") down. "
		}
	}
	return "UP"
}

// BetaIPs are the addresses that see a beta copy.
func BetaIPs(g *GrayRow) string {
	r, err := persistence.ParseGrayRule(g.Rule)
	if err != nil {
		return ""
	}
	return r.Expr
}

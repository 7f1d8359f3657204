package config

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// Writer commits one op: to the database at hand, or through the Raft log.
type Writer func(ctx context.Context, op persistence.Op) (persistence.Result, error)

// Options are what the configuration centre is told; settings.Config says where
// each comes from.
type Options struct {
	DB    *persistence.DB
	Write Writer
	Log   *slog.Logger
	// Leads reports whether this node is the one of several that cleans the
	// history and corrects the counters; nil: it is.
	Leads func() bool
	// Current waits until the database has what was written on other nodes; nil:
	// it always has.
	Current func(context.Context) error

	// Shared is set where others write to the same database, which tell of it later.
	Shared bool

	MaxContent    int64 // letters of one config
	MaxGray       int   // gray copies of one config
	Quotas        persistence.Quotas
	CountUsage    bool          // keep the usage counters
	CheckQuotas   bool          // refuse what is over quota
	MaxSize       int64         // bytes of one config where quotas are checked
	MaxAggrCount  int64         // shown by the capacity endpoint
	MaxAggrSize   int64         // shown by the capacity endpoint
	Recount       time.Duration // between two corrections of the usage counters
	RetentionDays int           // age at which history goes
	HistoryKeep   int           // history rows kept of one config; 0 is no limit
	SearchQueue   int           // searches in content that may wait
	SearchThreads int           // searches in content that may run
	SearchWait    time.Duration // longest search in content
}

// Service is the configuration centre.
type Service struct {
	o     Options
	db    *persistence.DB
	cache *Cache

	search *searchPool
	reload chan struct{} // asks Run for a Reload; room for one

	loaded atomic.Bool // memory has had all that there is
	unread atomic.Bool // some of it could not be read, and is not in memory

	reads, publishes, fuzzy atomic.Int64 // since the start
}

// Asked is how often configs were asked for and changed here since the start.
type Asked struct {
	Reads     int64 // of one config
	Publishes int64
	Fuzzy     int64 // searches with wildcards
}

// Asked returns the counts.
func (s *Service) Asked() Asked {
	return Asked{Reads: s.reads.Load(), Publishes: s.publishes.Load(), Fuzzy: s.fuzzy.Load()}
}

// New returns a Service that follows what o.DB commits. Load fills it.
func New(o Options) *Service {
	if o.Leads == nil {
		o.Leads = func() bool { return true }
	}
	s := &Service{o: o, db: o.DB, cache: NewCache(), reload: make(chan struct{}, 1)}
	s.search = newSearchPool(o.SearchThreads, o.SearchQueue, o.SearchWait)
	o.DB.Observe(s.committed)
	return s
}

// Cache is what answers reads and keeps those who wait.
func (s *Service) Cache() *Cache { return s.cache }

// MaxBody is how many bytes a form may have that publishes a config: content of
// as many bytes as it may have letters, each of them three in URL encoding, and
// what describes it. Longer content is refused even if it has fewer letters.
func (s *Service) MaxBody() int64 { return 3*s.o.MaxContent + 1<<20 }

// Read returns the copy that a client sees, nil where there is none. tag is one
// that was asked for: without a copy of it there is no answer. known is one that
// the client carries: without a copy of it the formal one is the answer.
func (s *Service) Read(k Key, ip, tag, known string) *Copy {
	s.reads.Add(1)
	it := s.cache.Get(k)
	if it == nil {
		return nil
	}
	asked := !blank(tag)
	if !asked {
		tag = known
	}
	c := it.gray(Viewer{IP: ip, Tag: tag})
	if c == nil && !asked {
		c = it.Formal
	}
	if c == nil || c.Blank {
		return nil
	}
	return c
}

// committed keeps the cache in step with the database, in the order of the
// commits and before their writers are answered.
func (s *Service) committed(op persistence.Op, res persistence.Result) {
	switch o := op.(type) {
	case persistence.PublishConfig:
		c := newCopy(o.Content, o.MD5, o.EncryptedDataKey, deref(o.Type), "", res.Time)
		c.About = published(&o, &res)
		s.cache.setFormal(o.ConfigKey, c)
	case persistence.UpdateMetadata:
		s.cache.describe(&o)
	case persistence.RemoveConfig:
		s.cache.removeFormal(o.ConfigKey)
	case persistence.RemoveConfigs:
		for _, k := range res.Keys {
			s.cache.removeFormal(k)
		}
	case persistence.PublishGray:
		if r, ok := compile(o.Rule); ok {
			s.cache.setGray(o.ConfigKey, gray{r, o.Rule.String(), newCopy(o.Content, o.MD5, o.EncryptedDataKey, "", o.Name, res.Time)})
		}
	case persistence.RemoveGray:
		s.cache.removeGray(o.ConfigKey, o.Name)
	}
}

func newCopy(content, md5, key, typ, gray string, at time.Time) *Copy {
	return &Copy{
		Content: []byte(content), MD5: md5, EncryptedKey: key, Type: typ,
		Modified: at.UnixMilli(), Gray: gray, Blank: blank(content),
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// failed says what a caller is told of an error of the database.
func failed(err error) error {
	var known *service.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, persistence.ErrValue):
		return service.Wrap(service.BadValue, err, "a value is too long, doubled, or of letters that the database lacks")
	case errors.Is(err, persistence.ErrDenied):
		return service.Wrap(service.Unavailable, err, "the server may not write to the database")
	case errors.Is(err, persistence.ErrUnavailable), errors.Is(err, persistence.ErrClosed), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return service.Wrap(service.Unavailable, err, "the database does not answer now, try again")
	}
	return service.Wrap(service.Internal, err, "the database failed")
}

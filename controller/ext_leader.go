package controller

import (
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/console"
)

// Leadership is who leads the log of the cluster, as this node sees it.
type Leadership struct {
	Address string // of its HTTP; "" for nobody
	Term    uint64
	All     bool            // the log has all that is stored, not persistent instances alone
	Changed <-chan struct{} // closed when that may have changed
}

// seeLeader takes down who leads and tells the console of another one. The
// channel is closed when it is worth another look, and nil where nobody leads.
func (a *API) seeLeader(now time.Time) <-chan struct{} {
	if a.o.Leader == nil {
		return nil
	}
	l := a.o.Leader()
	if a.leads.Observe(console.Lead{At: now, Leader: l.Address, Term: l.Term}) {
		a.events.Changed(console.Topic{Kind: console.Nodes}, console.Topic{Kind: console.Overview})
	}
	return l.Changed
}

// leaderView is whether what needs agreement can be written.
type leaderView struct {
	Needed bool   `json:"needed"` // false: this server stands alone
	All    bool   `json:"all"`    // every write needs one, not those of persistent instances alone
	Leader string `json:"leader"` // "" for nobody
	Term   uint64 `json:"term"`
	Since  int64  `json:"since"` // unix ms, 0 where it is not known
}

// extLeader asks nobody: every page asks it, also where no other node answers.
func (a *API) extLeader(*middleware.Request) (any, error) {
	if a.o.Leader == nil {
		return leaderView{}, nil
	}
	l := a.o.Leader()
	v := leaderView{Needed: true, All: l.All, Leader: l.Address, Term: l.Term}
	if last := a.leads.Last(); !last.At.IsZero() && last.Leader == l.Address {
		v.Since = last.At.UnixMilli()
	}
	return v, nil
}

// marks are what happened while the series went as they did.
type marks struct {
	Releases []change     `json:"releases"` // newest first
	Leaders  []leaderMark `json:"leaders"`  // newest first
	More     bool         `json:"more"`     // older releases are left out
}

// leaderMark is a change of leader.
type leaderMark struct {
	At     int64  `json:"at"`
	Leader string `json:"leader"` // "" for nobody
	Term   uint64 `json:"term"`
}

// maxMarks bounds the releases that are marked in a chart: more would hide it.
const maxMarks = 100

// extMarks are the releases and the changes of leader between two moments.
func (a *API) extMarks(q *middleware.Request) (any, error) {
	f := formOf(q)
	from, to := f.moment("from"), f.moment("to")
	if f.err != nil {
		return nil, f.err
	}
	if to.IsZero() {
		to = q.Arrived
	}
	if from.IsZero() {
		from = to.Add(-ranges["24h"])
	}
	v := marks{Releases: []change{}, Leaders: []leaderMark{}}
	for _, x := range a.leads.Between(from, to) {
		v.Leaders = append([]leaderMark{{x.At.UnixMilli(), x.Leader, x.Term}}, v.Leaders...)
	}
	if a.off(middleware.Config) {
		return v, nil
	}
	const look = 5 * maxMarks // rows, some of which the caller may not see
	rows, err := a.o.Config.Timeline(q.Context(), config.HistoryFilter{From: from, To: to}, look)
	if err != nil {
		return nil, err
	}
	v.More = len(rows) == look
	for i := range rows {
		if !q.Sees(configResource(rows[i].ConfigKey)) {
			continue
		}
		if len(v.Releases) == maxMarks {
			v.More = true
			break
		}
		v.Releases = append(v.Releases, changeOf(&rows[i]))
	}
	return v, nil
}

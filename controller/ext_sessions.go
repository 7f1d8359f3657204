package controller

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
)

func (a *API) extSessionsRoutes() []middleware.Route {
	own := func(action middleware.Action) middleware.Access { // of others only who manages users: the handlers ask
		return middleware.Access{Class: middleware.Management, Action: action, Resource: "console/user/sessions", Self: true}
	}
	return extRows(middleware.Core, []middleware.Route{
		{Method: http.MethodGet, Path: "/sessions", Access: own(middleware.Read), Do: a.extSessions},
		{Method: http.MethodDelete, Path: "/sessions", Access: own(middleware.Write), Do: a.extEndSessions},
	})
}

// users is what a caller has to have a right to who looks after others' sessions.
//
//nolint:gochecknoglobals // a constant
var users = auth.Resource{Fixed: "console/users"}

// sessionLine is a session in the console's table.
type sessionLine struct {
	ID      string `json:"id"`
	User    string `json:"username"`
	Address string `json:"address"`
	Agent   string `json:"agent"`
	Since   int64  `json:"since"`
	Expires int64  `json:"expires"`
	Seen    int64  `json:"lastSeen"`
	Current bool   `json:"current"`
}

// sessionsHere are those that this node has seen, of one user or of all.
func (a *API) sessionsHere(user *string) []sessionLine {
	seen := a.o.Auth.SessionsSeen(user)
	out := make([]sessionLine, 0, len(seen))
	for i := range seen {
		s := &seen[i]
		out = append(out, sessionLine{
			ID: s.ID, User: s.User, Address: s.Address, Agent: s.Agent,
			Since:   min(s.Issued.UnixMilli(), s.Last.UnixMilli()), // the time of issue is of whole seconds
			Expires: s.Expires.UnixMilli(), Seen: s.Last.UnixMilli(),
		})
	}
	return out
}

// sessionsEverywhere are those that any node has seen, each once, as the node that
// saw it last tells of it.
func (a *API) sessionsEverywhere(q *middleware.Request, user *string) ([]sessionLine, []nodeAnswer) {
	byID := map[string]sessionLine{}
	take := func(lines []sessionLine) {
		for _, l := range lines {
			known, ok := byID[l.ID]
			expires := max(l.Expires, known.Expires)
			if ok && known.Seen >= l.Seen {
				l = known
			}
			l.Expires = expires
			byID[l.ID] = l
		}
	}
	take(a.sessionsHere(user))
	nodes := askAll(q.Context(), a, question{Kind: askSessions, User: user}, take)
	current := a.currentSession(q).ID
	out := make([]sessionLine, 0, len(byID))
	for _, l := range byID {
		l.Current = l.ID == current
		out = append(out, l)
	}
	slices.SortFunc(out, func(x, y sessionLine) int {
		if x.Current != y.Current {
			return map[bool]int{true: -1, false: 1}[x.Current]
		}
		return cmp.Or(cmp.Compare(x.User, y.User), cmp.Compare(y.Seen, x.Seen), cmp.Compare(x.ID, y.ID))
	})
	return out, nodes
}

// currentSession is the session that the caller's browser sends, none of one who
// comes with a token.
func (a *API) currentSession(q *middleware.Request) auth.ConsoleSession {
	s, err := a.o.Auth.Session(q.Cookie(middleware.SessionCookie))
	if err != nil || q.User != "" && s.User != q.User {
		return auth.ConsoleSession{}
	}
	return s
}

// extSessions lists the caller's sessions, and those of all users where he may
// look after users.
func (a *API) extSessions(q *middleware.Request) (any, error) {
	f := formOf(q)
	pageNo, size := f.pageV3()
	text := f.wanted("q")
	if f.err != nil {
		return nil, f.err
	}
	whose := &q.User
	if q.Sees(users) {
		whose = nil
	}
	all, nodes := a.sessionsEverywhere(q, whose)
	all = slices.DeleteFunc(all, func(l sessionLine) bool { return !text.match(l.User) && !text.match(l.Address) })
	from, to := window(len(all), pageNo, size)
	return gathered[sessionLine]{pagesV3(len(all), pageNo, size, all[from:to]), nodes}, nil
}

// endedSessions is what came of ending sessions.
type endedSessions struct {
	Ended int `json:"ended"` // that were known of
}

// extEndSessions ends one session, or all of a user but that of the caller.
func (a *API) extEndSessions(q *middleware.Request) (any, error) {
	f := formOf(q)
	user, id := cmp.Or(f.text("username"), q.User), f.text("id")
	others := f.Bool("others", false)
	switch {
	case (id == "") != others:
		f.fail(service.BadParam, "either id is needed, or others=true")
	case user == "":
		f.fail(service.ParamMissing, "username is missing")
	}
	if f.err != nil {
		return nil, f.err
	}
	if user != q.User || user == "" {
		if err := q.May(users, auth.Write); err != nil {
			return nil, err
		}
	}
	all, _ := a.sessionsEverywhere(q, &user)
	if others {
		kept := a.currentSession(q)
		n := len(all)
		if slices.ContainsFunc(all, func(l sessionLine) bool { return l.ID == kept.ID }) {
			n--
		}
		return endedSessions{n}, a.o.Auth.EndSessions(q.Context(), user, kept)
	}
	if !slices.ContainsFunc(all, func(l sessionLine) bool { return l.ID == id }) {
		return nil, service.Errorf(service.NotFound, "there is no such session, or it has ended")
	}
	return endedSessions{1}, a.o.Auth.EndSession(q.Context(), user, id)
}

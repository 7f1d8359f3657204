package controller

import (
	"strconv"
	"time"

	"github.com/pharos-registry/pharos/middleware"
)

// agreementView is how far this node agrees with the others.
type agreementView struct {
	Agrees      bool             `json:"agrees"` // no difference counts
	Ready       bool             `json:"ready"`  // it is not the one that is odd
	Reason      string           `json:"reason,omitempty"`
	Looks       int64            `json:"looks"`
	Peers       []comparedView   `json:"peers"`
	Differences []differenceView `json:"differences"`
	More        bool             `json:"more"` // there are others
	Repairs     map[string]int64 `json:"repairs"`
}

type comparedView struct {
	Address string `json:"address"`
	At      int64  `json:"at"` // ms; 0: never answered
	Error   string `json:"error,omitempty"`
}

type differenceView struct {
	Kind    string `json:"kind"`
	Key     string `json:"key"`
	Address string `json:"address"`
	Mine    string `json:"mine"`   // digest, "" where this node has nothing
	Theirs  string `json:"theirs"` // the same of the other one
	Since   int64  `json:"since"`  // ms
	Looks   int    `json:"looks"`
}

// divergence tells what this node and the others disagree on.
func (a *API) divergence(*middleware.Request) (any, error) {
	v := agreementView{Agrees: true, Ready: true, Peers: []comparedView{}, Differences: []differenceView{}, Repairs: map[string]int64{}}
	if a.o.Agreement == nil { // it stands alone
		return restOK(v), nil
	}
	r := a.o.Agreement.Report()
	v.Agrees, v.Looks, v.More, v.Repairs = len(r.Differences) == 0, r.Rounds, r.More, r.Repairs
	if err := a.agrees(); err != nil {
		v.Ready, v.Reason = false, err.Error()
	}
	for _, p := range r.Peers {
		c := comparedView{Address: p.Addr}
		if !p.At.IsZero() {
			c.At = p.At.UnixMilli()
		}
		if p.Err != nil {
			c.Error = "it did not answer, or is not ready"
		}
		v.Peers = append(v.Peers, c)
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		v.Differences = append(v.Differences, differenceView{d.Kind, d.Key, d.Addr, hexOf(d.Mine), hexOf(d.Theirs), d.Since.UnixMilli(), d.Looks})
	}
	return restOK(v), nil
}

func hexOf(digest uint64) string {
	if digest == 0 {
		return ""
	}
	return strconv.FormatUint(digest, 16)
}

// agrees says why this node should not be asked though it is up.
func (a *API) agrees() error {
	if a.o.Agreement == nil {
		return nil
	}
	return a.o.Agreement.Odd(time.Now())
}

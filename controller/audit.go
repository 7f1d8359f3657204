package controller

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/audit"
)

// The number of audit records that one call returns.
const (
	auditUsual = 100
	auditMost  = 10_000
)

func (a *API) auditRoutes() []middleware.Route {
	read := manage(middleware.Read, "console/audit")
	return []middleware.Route{{Method: http.MethodGet, Path: "/v1/auth/audit", Dialect: v2, Access: read, Do: a.auditRecords}}
}

// auditRecords answers the newest records: as JSON, or as CSV with format=csv.
func (a *API) auditRecords(q *middleware.Request) (any, error) {
	query, err := auditQuery(q)
	if err != nil {
		return nil, err
	}
	found, err := a.o.Audit.Find(query)
	if err != nil {
		return nil, service.Wrap(service.Internal, err, "the audit log cannot be read")
	}
	if q.Params.Get("format") == "csv" {
		return auditCSV(q, found)
	}
	return found, nil
}

func auditQuery(q *middleware.Request) (audit.Query, error) {
	f := formOf(q)
	query := audit.Query{User: f.Optional("username", ""), Outcome: f.Optional("outcome", ""), Contains: f.Optional("contains", "")}
	var err error
	if query.Limit, err = strconv.Atoi(f.Optional("limit", strconv.Itoa(auditUsual))); err != nil || query.Limit < 1 || query.Limit > auditMost {
		return query, service.Errorf(service.BadParam, "limit must be from 1 to %d", auditMost)
	}
	for name, at := range map[string]*time.Time{"from": &query.From, "to": &query.To} {
		if v := f.Optional(name, ""); v != "" {
			if *at, err = time.Parse(time.RFC3339, v); err != nil {
				return query, service.Errorf(service.BadParam, "%s must be a time such as 2026-01-02T15:04:05Z", name)
			}
		}
	}
	return query, nil
}

func auditCSV(q *middleware.Request, all []audit.Record) (any, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{"time", "user", "address", "method", "path", "resource", "outcome", "error", "before", "after", "params"}}
	for _, r := range all {
		params, err := json.Marshal(r.Params)
		if err != nil {
			return nil, err
		}
		row := []string{r.Time.Format(time.RFC3339Nano), r.User, r.Address, r.Method, r.Path, r.Resource, r.Outcome, r.Error, r.Before, r.After, string(params)}
		for i := range row {
			row[i] = inert(row[i])
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, err
	}
	q.Gin.Writer.Header().Set("Content-Disposition", `attachment; filename="audit.csv"`)
	return middleware.Raw{ContentType: []string{"text/csv;charset=UTF-8"}, Body: b.Bytes()}, nil
}

// inert keeps a spreadsheet from taking a text for a formula.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

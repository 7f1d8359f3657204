package controller

import (
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
)

func (a *API) actuatorRoutes() []middleware.Route {
	open := middleware.Access{Class: middleware.Public}
	rows := []middleware.Route{
		{Method: http.MethodGet, Path: "/actuator", Dialect: v1Core, Access: open, Do: a.actuator},
		{Method: http.MethodGet, Path: "/actuator/health", Dialect: v1Core, Access: open, Do: a.actuatorHealth},
	}
	if a.o.Metrics != nil {
		rows = append(rows, middleware.Route{Method: http.MethodGet, Path: "/actuator/prometheus", Dialect: v1Core, Access: open, Do: a.metrics})
	}
	return rows
}

// actuatorJSON is the media type of Spring Boot's management endpoints.
const actuatorJSON = "application/vnd.spring-boot.actuator.v3+json"

type link struct {
	Href      string `json:"href"`
	Templated bool   `json:"templated"`
}

func (a *API) actuator(q *middleware.Request) (any, error) {
	scheme := "http://"
	if q.HTTP().TLS != nil {
		scheme = "https://"
	}
	base := scheme + q.HTTP().Host + a.o.ContextPath + "/actuator"
	links := map[string]link{"self": {Href: base}, "health": {Href: base + "/health"}}
	if a.o.Metrics != nil {
		links["prometheus"] = link{Href: base + "/prometheus"}
	}
	return actuatorAnswer(http.StatusOK, map[string]any{"_links": links})
}

func (a *API) actuatorHealth(*middleware.Request) (any, error) {
	if err := a.o.Ready(); err != nil {
		return actuatorAnswer(http.StatusServiceUnavailable, map[string]string{"status": "DOWN"})
	}
	return actuatorAnswer(http.StatusOK, map[string]string{"status": "UP"})
}

func actuatorAnswer(status int, v any) (any, error) {
	b, err := encode(v)
	return middleware.Raw{Status: status, ContentType: []string{actuatorJSON}, Body: b}, err
}

// metrics is the exposition of Prometheus, which writes the answer itself.
func (a *API) metrics(q *middleware.Request) (any, error) {
	a.o.Metrics.ServeHTTP(q.Gin.Writer, q.HTTP())
	return middleware.Answered{}, nil
}

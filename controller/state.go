package controller

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

func (a *API) stateRoutes() []middleware.Route {
	open := middleware.Access{Class: middleware.Public}
	return []middleware.Route{
		{Method: http.MethodGet, Path: "/v1/console/server/state", Dialect: v1Core, Access: open, Do: a.state},
		{Method: http.MethodGet, Path: "/v1/console/server/announcement", Dialect: v1Core, Access: open, Do: a.announcement},
		{Method: http.MethodGet, Path: "/v1/console/server/guide", Dialect: v1Core, Access: open, Do: a.guide},
	}
}

// state tells consoles how the server is set: texts, or null where a thing is
// not set at all.
func (a *API) state(*middleware.Request) (any, error) { return a.o.State(), nil }

func (a *API) announcement(q *middleware.Request) (any, error) {
	f := formOf(q)
	lang := f.Optional("language", "zh-CN")
	if strings.ContainsAny(lang, `/\`) || strings.Contains(lang, "..") {
		return nil, service.Errorf(service.BadParam, "Invalid filename")
	}
	return a.confFile("announcement_"+lang+".conf", announcements()[lang])
}

func (a *API) guide(*middleware.Request) (any, error) {
	return a.confFile("console-guide.conf", "The console is switched off here. Set nacos.console.ui.enabled=true to have it.")
}

// announcements are what the console says by itself, by language.
func announcements() map[string]string {
	return map[string]string{
		"zh-CN": "本服务由 Pharos 提供。在生产环境中请开启鉴权：nacos.core.auth.enabled=true。",
		"en-US": "This server is Pharos. Turn authentication on in production: nacos.core.auth.enabled=true.",
	}
}

// maxConfFile bounds, in bytes, a text that the console shows.
const maxConfFile = 64 << 10

// confFile is the text of a file that the operator put into the conf folder,
// def where there is none, null where there is no def either.
func (a *API) confFile(name, def string) (any, error) {
	path := filepath.Join(a.o.ConfDir, name)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode().IsRegular() || info.Size() > maxConfFile) {
		if def == "" {
			return restOK(nil), nil
		}
		return restOK(def), nil
	}
	b, err := os.ReadFile(path) //nolint:gosec // the callers choose among fixed names
	if err != nil {
		return nil, service.Wrap(service.Internal, err, "the file cannot be read")
	}
	return restOK(string(b)), nil
}

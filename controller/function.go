package controller

import (
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

// off says whether the function mode leaves a module out. Its routes of v1 and
// v2 are then not there at all; those of v3 say why, as Nacos has it.
func (a *API) off(m middleware.Module) bool {
	return m != middleware.Core && m == a.o.Off
}

// disabled answers a v3 route of a module that is off.
func disabled(m middleware.Module) middleware.Handler {
	off, on := "naming", "config"
	if m == middleware.Config {
		off, on = on, off
	}
	return func(*middleware.Request) (any, error) {
		return nil, service.Errorf(service.Unsupported, "Current functionMode is `%s`, %s module is disabled.", on, off)
	}
}

package settings

import (
	"slices"
	"strings"
)

// environ is the environment of the process.
type environ map[string]string

func newEnviron(vars []string) environ {
	e := make(environ, len(vars))
	for _, v := range vars {
		if name, val, found := strings.Cut(v, "="); found && !linked(val) {
			e[name] = val
		}
	}
	if e["MYSQL_SERVICE_HOST"] != "" && e["MYSQL_SERVICE_PORT"] == "" {
		e["MYSQL_SERVICE_PORT"] = "3306"
	}
	return e
}

// linked says whether a value is what Docker links and Kubernetes services put
// into the environment: one named pharos would set PHAROS_PORT.
func linked(val string) bool {
	return strings.HasPrefix(val, "tcp://") || strings.HasPrefix(val, "udp://")
}

// image answers what the variables of the Nacos container image say of a key.
func (e environ) image(k key) (entry, bool) {
	for _, name := range k.env {
		if v := e[name]; v != "" {
			return entry{value: v, source: "environment " + name}, true
		}
	}
	// The first database is described by several variables.
	const source = "environment MYSQL_SERVICE_"
	switch {
	case e["MYSQL_SERVICE_HOST"] == "":
		return entry{}, false
	case k.name == "db.url.0":
		return entry{value: e.mysqlURL(), source: source + "HOST"}, true
	case k.name == "db.user.0":
		return entry{value: e["MYSQL_SERVICE_USER"], source: source + "USER"}, e["MYSQL_SERVICE_USER"] != ""
	case k.name == "db.password.0":
		return entry{value: e["MYSQL_SERVICE_PASSWORD"], source: source + "PASSWORD"}, e["MYSQL_SERVICE_PASSWORD"] != ""
	default:
		return entry{}, false
	}
}

// mysqlURL composes the JDBC URL as the image's own properties do.
func (e environ) mysqlURL() string {
	param := e["MYSQL_SERVICE_DB_PARAM"]
	if param == "" {
		param = "characterEncoding=utf8&connectTimeout=1000&socketTimeout=3000&autoReconnect=true&useSSL=false"
	}
	return "jdbc:mysql://" + e["MYSQL_SERVICE_HOST"] + ":" + e["MYSQL_SERVICE_PORT"] + "/" + e["MYSQL_SERVICE_DB_NAME"] + "?" + param
}

// relaxed answers what Spring's rule finds for a key.
func (e environ) relaxed(k key) (entry, bool) {
	for _, name := range k.variables() {
		if strings.HasPrefix(name, pharosPrefix) {
			continue // outranks this layer
		}
		if v, found := e[name]; found && (v != "" || k.value.TakesEmpty()) {
			return entry{value: v, source: "environment " + name}, true
		}
	}
	return entry{}, false
}

const pharosPrefix = "PHAROS_"

// own answers what PHAROS_ variables say of a key.
func (e environ) own(k key) (entry, bool) {
	for _, name := range k.ownVariables() {
		if v, found := e[name]; found && (v != "" || k.value.TakesEmpty()) {
			return entry{value: v, source: "environment " + name}, true
		}
	}
	return entry{}, false
}

// ownVariables are the PHAROS_ variables of a key: that of its flag, and that
// of its name.
func (k key) ownVariables() []string {
	var all []string
	if k.flag != "" {
		all = append(all, pharosPrefix+variable(k.flag, "_"))
	}
	for _, v := range k.variables() {
		if !strings.HasPrefix(v, pharosPrefix) {
			v = pharosPrefix + v
		}
		all = append(all, v)
	}
	return all
}

// unknown lists PHAROS_ variables that mean nothing, sorted. What Kubernetes
// sets for a service named pharos is none of the operator's doing.
func (e environ) unknown(keys []key) []string {
	known := map[string]bool{pharosPrefix + "CONFIG": true}
	for _, k := range keys {
		for _, v := range k.ownVariables() {
			known[v] = true
		}
	}
	var all []string
	for name := range e {
		foreign := strings.HasPrefix(name, pharosPrefix+"SERVICE_") || strings.HasPrefix(name, pharosPrefix+"PORT_")
		if strings.HasPrefix(name, pharosPrefix) && !known[name] && !foreign {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

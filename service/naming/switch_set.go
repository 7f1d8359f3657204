package naming

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// setter changes one switch. What it returns is the name under which the value
// is kept, "" for the entry's own.
type setter func(sw *Switches, value string) (row string, err error)

func bad(format string, args ...any) error { return service.Errorf(service.BadParam, format, args...) }

func notNumber(s string) error { return bad("For input string: %q", s) }

// setFlag is a switch that only true turns on.
func setFlag(f func(*Switches) *bool) setter {
	return func(sw *Switches, v string) (string, error) {
		*f(sw) = strings.EqualFold(v, "true")
		return "", nil
	}
}

// setWord is a switch that yes and its like turn on.
func setWord(f func(*Switches) *bool) setter {
	return func(sw *Switches, v string) (string, error) {
		*f(sw) = truthy(v)
		return "", nil
	}
}

// setLong is a number of at least least.
func setLong(f func(*Switches) *int64, least int64, tooSmall string) setter {
	return func(sw *Switches, v string) (string, error) {
		n, err := strconv.ParseInt(v, 10, 64)
		switch {
		case err != nil:
			return "", notNumber(v)
		case tooSmall != "" && n < least:
			return "", bad("%s", tooSmall)
		}
		*f(sw) = n
		return "", nil
	}
}

// setHealth is the bounds of a type of health check.
func setHealth(f func(*Switches) *HealthParams, check bool) setter {
	return func(sw *Switches, v string) (string, error) {
		p := f(defaultSwitches()) // what is left out is as on a fresh server
		if err := json.Unmarshal([]byte(v), &p); err != nil || p == nil {
			return "", bad("json param invalid.")
		}
		switch {
		case !check:
		case p.Min < 500:
			return "", bad("min check time for http or tcp is too small(<500)")
		case p.Max < 3000:
			return "", bad("max check time for http or tcp is too small(<3000)")
		case !(p.Factor >= 0 && p.Factor <= 1):
			return "", bad("malformed factor")
		}
		*f(sw) = *p
		return "", nil
	}
}

// ignored is a switch that has no effect, whatever it is set to.
func ignored(*Switches, string) (string, error) { return "", nil }

// setters is the table of the switches that can be set.
//
//nolint:gochecknoglobals // a table
var setters = map[string]setter{
	"distroThreshold":    setDistroThreshold,
	"clientBeatInterval": setLong(func(s *Switches) *int64 { return &s.BeatInterval }, 0, ""),
	"pushVersion":        setPushVersion,
	"pushCacheMillis": setLong(func(s *Switches) *int64 { return &s.PushCacheMillis }, 10_000,
		"min cache time for http or tcp is too small(<10000)"),
	"defaultCacheMillis": setLong(func(s *Switches) *int64 { return &s.CacheMillis }, 1_000,
		"min default cache time  is too small(<1000)"),
	"masters":     setMasters,
	"distro":      setFlag(func(s *Switches) *bool { return &s.Distro }),
	"check":       setFlag(func(s *Switches) *bool { return &s.Check }),
	"pushEnabled": setFlag(func(s *Switches) *bool { return &s.Push }),
	"serviceStatusSynchronizationPeriodMillis": setLong(func(s *Switches) *int64 { return &s.ServiceStatusSync }, 5_000,
		"serviceStatusSynchronizationPeriodMillis is too small(<5000)"),
	"serverStatusSynchronizationPeriodMillis": setLong(func(s *Switches) *int64 { return &s.ServerStatusSync }, 1_000,
		"serverStatusSynchronizationPeriodMillis is too small(<15000)"),
	"healthCheckTimes":             setCheckTimes,
	"disableAddIP":                 setFlag(func(s *Switches) *bool { return &s.DisableAddIP }),
	"sendBeatOnly":                 setFlag(func(s *Switches) *bool { return &s.SendBeatOnly }),
	"limitedUrlMap":                setLimitedURLs,
	"enableStandalone":             ignored,
	"overriddenServerStatus":       setStatus,
	"defaultInstanceEphemeral":     setFlag(func(s *Switches) *bool { return &s.DefaultEphemeral }),
	"distroServerExpiredMillis":    setLong(func(s *Switches) *int64 { return &s.DistroExpired }, 0, ""),
	"lightBeatEnabled":             setWord(func(s *Switches) *bool { return &s.LightBeat }),
	"autoChangeHealthCheckEnabled": setWord(func(s *Switches) *bool { return &s.AutoChangeHealthCheck }),
	"httpHealthParams":             setHealth(func(s *Switches) *HealthParams { return &s.HTTPHealth }, true),
	"tcpHealthParams":              setHealth(func(s *Switches) *HealthParams { return &s.TCPHealth }, true),
	"mysqlHealthParams":            setHealth(func(s *Switches) *HealthParams { return &s.MySQLHealth }, false),
}

func setDistroThreshold(sw *Switches, v string) (string, error) {
	n, err := strconv.ParseFloat(v, 32)
	switch {
	case err != nil:
		return "", notNumber(v)
	case !(n > 0):
		return "", bad("distroThreshold can not be zero or negative: %s", appendDouble(nil, n))
	case n > 1e9: // infinity is no JSON
		return "", bad("distroThreshold is too large: %s", v)
	}
	sw.DistroThreshold = float32(n)
	return "", nil
}

var versionForm = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

func setPushVersion(sw *Switches, v string) (string, error) {
	kind, version, _ := strings.Cut(v, ":")
	if !versionForm.MatchString(version) || len(version) > 32 {
		return "", bad(`illegal version, must match: [0-9]+\.[0-9]+\.[0-9]+`)
	}
	field := map[string]*string{"java": &sw.PushJava, "python": &sw.PushPython, "c": &sw.PushC, "go": &sw.PushGo, "csharp": &sw.PushCSharp}[kind]
	if field == nil {
		return "", bad("unsupported client type: %s", kind)
	}
	*field = version
	return "pushVersion:" + kind, nil
}

func setMasters(sw *Switches, v string) (string, error) {
	sw.Masters = strings.Split(v, ",")
	return "", nil
}

func setCheckTimes(sw *Switches, v string) (string, error) {
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil {
		return "", notNumber(v)
	}
	sw.CheckTimes = int(n)
	return "", nil
}

func setLimitedURLs(sw *Switches, v string) (string, error) {
	if v == "" {
		return "-", nil // unchanged: nothing to keep either
	}
	limited := map[string]int{}
	for rule := range strings.SplitSeq(v, ",") {
		url, status, ok := strings.Cut(rule, ":")
		if !ok {
			return "", bad("invalid input for limited urls")
		}
		if url == "" {
			return "", bad("url can not be empty, url: ")
		}
		n, err := strconv.ParseInt(status, 10, 32)
		switch {
		case err != nil:
			return "", notNumber(status)
		case n <= 0:
			return "", bad("illegal normal status code: %d", n)
		case n < 100 || n > 999: // net/http writes no other
			return "", bad("illegal normal status code: %d", n)
		}
		limited[url] = int(n)
	}
	sw.LimitedURLs = limited
	return "", nil
}

func setStatus(sw *Switches, v string) (string, error) {
	if v == "null" {
		v = ""
	}
	sw.OverriddenStatus = &v
	return "", nil
}

// maxSwitchValue bounds the value of a switch.
const maxSwitchValue = 64 << 10

// SetSwitch turns a switch: here only and until the restart if debug is set, else
// everywhere and for good. An entry that is not known changes nothing.
func (s *Service) SetSwitch(ctx context.Context, entry, value string, debug bool) error {
	set, ok := setters[entry]
	if !ok {
		return nil
	}
	if len(value) > maxSwitchValue {
		return bad("the value of %s is longer than %d bytes", entry, maxSwitchValue)
	}
	trial := *s.switches.Load()
	row, err := set(&trial, value)
	switch {
	case err != nil || row == "-":
		return err
	case row == "":
		row = entry
	}
	if debug {
		s.turn(set, strings.Clone(value))
		return nil
	}
	err = s.write(ctx, persistence.SetSwitch{Entry: strings.Clone(row), Value: strings.Clone(value)})
	return err
}

// turn sets one switch of the ones that are in force.
func (s *Service) turn(set setter, value string) {
	s.switchMu.Lock()
	defer s.switchMu.Unlock()
	sw := *s.switches.Load()
	sw.LimitedURLs = maps.Clone(sw.LimitedURLs)
	if _, err := set(&sw, value); err != nil {
		s.o.Log.Error("a switch that was kept cannot be set", "value", value, "err", err)
		return
	}
	s.setSwitches(&sw)
}

// applySwitch turns a switch whose row was written.
func (s *Service) applySwitch(op persistence.SetSwitch) {
	entry, _, _ := strings.Cut(op.Entry, ":")
	if set, ok := setters[entry]; ok {
		s.turn(set, op.Value)
	}
}

// The states of a server that an operator can force.
var statuses = []string{"UP", "DOWN", "STARTING", "PAUSED", "WRITE_ONLY", "READ_ONLY"} //nolint:gochecknoglobals // a table

// Status is the state of the server: what an operator has forced, else UP.
func (s *Service) Status() string {
	if o := s.switches.Load().OverriddenStatus; o != nil {
		for _, st := range statuses {
			if *o == st {
				return st
			}
		}
	}
	if !s.Ready() {
		return "DOWN"
	}
	return "UP"
}

// Ready reports whether this node has what the others have. Until then what it
// lacks says nothing, and nobody may be told of it.
func (s *Service) Ready() bool { return s.spread == nil || s.spread.Ready() }

// Gate returns why the state of the server does not let a v1 request pass, ""
// when it does. write is anything but GET.
func (s *Service) Gate(write bool) string {
	st := s.Status()
	if st == "UP" || st == "WRITE_ONLY" && write || st == "READ_ONLY" && !write {
		return ""
	}
	return "server is " + st + "now, please try again later!"
}

// Limited returns the status that an operator has set for a v1 request, 0 where
// there is none. uri is the path and, after a ?, the query.
func (s *Switches) Limited(uri string) int {
	for prefix, status := range s.LimitedURLs {
		if strings.HasPrefix(uri, prefix) {
			return status
		}
	}
	return 0
}

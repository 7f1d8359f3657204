package settings

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// entry is a value as somebody said it, and who did.
type entry struct{ value, source string }

// Source of a value that nobody said.
const sourceDefault = "default"

// Error is a value that is not allowed, in one line.
type Error struct {
	Source  string // file:line, environment NAME or flag --name
	Key     string
	Value   string // as it may be shown
	Allowed string
}

// Error says where the value stands and what may stand there instead.
func (e *Error) Error() string {
	return e.Source + ": " + e.Key + " = " + e.Value + " is refused; allowed is " + e.Allowed
}

// Loaded is the settings with where each of them came from.
type Loaded struct {
	Settings Settings
	File     string   // the properties file that was read, "" if none
	Ignored  []string // keys of the file and PHAROS_ variables that mean nothing here, and keys without effect

	all     []section
	sources map[string]string // by the name of the key; absent is the default
}

// Load reads the configuration of a process with these arguments and this
// environment ("NAME=value"). What is said later wins: defaults, the
// properties file, the container image's variables, the variable of each key,
// PHAROS_ variables, flags. The error is flag.ErrHelp when help is asked for,
// else one line that says what is wrong and what is allowed.
func Load(args, environment []string) (*Loaded, error) {
	l := &Loaded{Settings: Default(), sources: map[string]string{}}
	l.all = l.Settings.sections()
	keys := flatten(l.all)
	r := reader{env: newEnviron(environment), file: &file{}}
	var err error
	if r.flags, err = parseFlags(args, keys); err != nil {
		return nil, err
	}
	// The directory in which files are looked for is said outside of them.
	if dir, found := find("pharos.data.dir", keys); found {
		if err := l.read(&r, dir); err != nil {
			return nil, err
		}
	}
	config := r.flags.config
	if config == "" {
		config = r.env[pharosPrefix+"CONFIG"]
	}
	dirs := candidates(config, l.Settings.Data.Dir)
	if r.file, err = findFile(config, dirs); err != nil {
		return nil, err
	}
	for _, k := range keys {
		if err := l.read(&r, k); err != nil {
			return nil, err
		}
	}
	l.File = r.file.path
	l.Ignored = append(r.file.unknown(keys), r.env.unknown(keys)...)
	for _, k := range keys {
		if source, said := l.sources[k.name]; said && k.inert {
			l.Ignored = append(l.Ignored, k.name+" ("+source+", without effect)")
		}
	}
	l.lookUpMembers(dirs)
	return l, l.settle()
}

// reader is all that somebody said.
type reader struct {
	flags flags
	env   environ
	file  *file
}

// said answers the last word on a key.
func (r *reader) said(k key) (entry, bool, error) {
	if e, found := r.flags.said[k.name]; found {
		return e, true, nil
	}
	for _, layer := range []func(key) (entry, bool){r.env.own, r.env.relaxed, r.env.image} {
		if e, found := layer(k); found {
			return e, true, nil
		}
	}
	e, found := r.file.said(k)
	if !found {
		return entry{}, false, nil
	}
	v, err := expand(e.value, r.placeholder)
	if err != nil {
		return e, true, err
	}
	e.value = v
	return e, strings.TrimSpace(v) != "" || k.value.TakesEmpty(), nil
}

// placeholder answers a name inside ${}: from the environment, as written or by
// Spring's rule, else from the file.
func (r *reader) placeholder(name string) (string, bool) {
	for _, v := range []string{name, variable(name, ""), variable(name, "_")} {
		if val, found := r.env[v]; found {
			return val, true
		}
	}
	p, found := r.file.raw[name]
	return p.value, found
}

// read fills the field of one key.
func (l *Loaded) read(r *reader, k key) error {
	e, found, err := r.said(k)
	if !found {
		return nil
	}
	if err == nil {
		err = k.value.Set(e.value)
	}
	if err == nil {
		l.sources[k.name] = e.source
		return nil
	}
	if k.lazy && !l.Settings.Storage.External() { // Nacos would not read it either
		return nil
	}
	why := k.quoted(e.value)
	if !errors.Is(err, errIll) {
		why += " (" + oneLine(err.Error()) + ")"
	}
	return &Error{Source: e.source, Key: k.name, Value: why, Allowed: k.value.Allowed()}
}

// lookUpMembers finds the cluster.conf. As in Nacos it wins over a member list
// of the properties file; one from outside wins over both.
func (l *Loaded) lookUpMembers(dirs []string) {
	c := &l.Settings.Cluster
	said := l.sources["nacos.member.list"]
	outside := len(c.MemberList) > 0 && (strings.HasPrefix(said, "flag ") || strings.HasPrefix(said, "environment "))
	if outside {
		return
	}
	if c.ConfFile = clusterConf(dirs); c.ConfFile != "" {
		c.MemberList = nil
	}
}

// settle derives what follows from several keys together and refuses what does
// not fit together.
func (l *Loaded) settle() error {
	s := &l.Settings
	s.Cluster.settle()
	if s.Storage.External() && s.Storage.Number == 0 {
		s.Storage.Number = 1
	}
	s.Storage.settle()
	for i, src := range s.Storage.Sources {
		if src.URL == "" {
			return fmt.Errorf("db.url.%d is missing: the platform is %s (%s) and db.num is %d; allowed is jdbc:mysql://host:port/database?parameters",
				i, s.Storage.Platform, l.source("spring.sql.init.platform"), s.Storage.Number)
		}
	}
	if (s.TLS.CertFile == "") != (s.TLS.KeyFile == "") {
		return errors.New("nacos.remote.server.rpc.tls.certChainFile and certPrivateKey are needed both or neither")
	}
	if s.TLS.ClientCert && s.TLS.ClientCA == "" {
		return errors.New("nacos.remote.server.rpc.tls.mutualAuthEnable needs trustCollectionCertFile, the authorities whose certificates are accepted")
	}
	// A console's port that nobody said gives way: it is found taken, which is a warning.
	consoleOnGRPC := s.Console.Port == s.Server.GRPCPort() && l.source("nacos.console.port") != sourceDefault
	if p := s.Server.Port; s.Server.DNSPort == p || s.Server.DNSPort == s.Server.GRPCPort() || consoleOnGRPC {
		return errors.New("two listeners have one port: HTTP " + strconv.Itoa(p) + ", gRPC " + strconv.Itoa(s.Server.GRPCPort()) +
			", console " + strconv.Itoa(s.Console.Port) + ", DNS " + strconv.Itoa(s.Server.DNSPort) + "; choose another with --port or --set")
	}
	return nil
}

// source says where the value of a key came from.
func (l *Loaded) source(name string) string {
	if s, said := l.sources[name]; said {
		return s
	}
	return sourceDefault
}

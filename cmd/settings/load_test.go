package settings_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/cmd/settings"
)

// write puts a file below dir and returns its path.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load reads the settings with a file of the given content in ./conf.
func load(t *testing.T, file string, args, env []string) (*settings.Loaded, error) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	if file != "" {
		write(t, dir, "conf/application.properties", file)
	}
	return settings.Load(args, env)
}

func mustLoad(t *testing.T, file string, args, env []string) *settings.Loaded {
	t.Helper()
	l, err := load(t, file, args, env)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNothingSetIsTheDefault(t *testing.T) {
	l := mustLoad(t, "", nil, nil)
	if diff := cmp.Diff(settings.Default(), l.Settings); diff != "" {
		t.Errorf("settings differ from the defaults (-want +got):\n%s", diff)
	}
	if l.File != "" || len(l.Ignored) != 0 {
		t.Errorf("file %q, ignored %q", l.File, l.Ignored)
	}
}

func TestLastWins(t *testing.T) {
	const file = "server.port=1111\n"
	image := "NACOS_APPLICATION_PORT=2222"
	relaxed := "SERVER_PORT=3333"
	own := "PHAROS_SERVER_PORT=4444"
	ownFlag := "PHAROS_PORT=5555"
	tests := []struct {
		name   string
		file   string
		env    []string
		args   []string
		port   int
		source string
	}{
		{"default", "", nil, nil, 8848, "default"},
		{"file", file, nil, nil, 1111, "conf/application.properties:1"},
		{"image variable", file, []string{image}, nil, 2222, "environment NACOS_APPLICATION_PORT"},
		{"Spring's variable", file, []string{image, relaxed}, nil, 3333, "environment SERVER_PORT"},
		{"PHAROS_ variable", file, []string{image, relaxed, own}, nil, 4444, "environment PHAROS_SERVER_PORT"},
		{"PHAROS_ variable of the flag", file, []string{image, relaxed, own, ownFlag}, nil, 5555, "environment PHAROS_PORT"},
		{"flag", file, []string{image, relaxed, own, ownFlag}, []string{"--port", "6666"}, 6666, "flag --port"},
		{"set", file, []string{image, relaxed, own, ownFlag}, []string{"--set", "server.port=7777"}, 7777, "flag --set"},
		{"3.x name", "nacos.server.main.port=1234", nil, nil, 1234, "conf/application.properties:1"},
		{"what Kubernetes sets is not said", file, []string{"PHAROS_PORT=tcp://10.0.0.1:8848"}, nil, 1111, "conf/application.properties:1"},
		{"empty is not said", "server.port=\n", []string{"SERVER_PORT="}, nil, 8848, "default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := mustLoad(t, tt.file, tt.args, tt.env)
			if l.Settings.Server.Port != tt.port {
				t.Errorf("port %d, want %d", l.Settings.Server.Port, tt.port)
			}
			if got := printed(t, l, "server.port"); !strings.HasSuffix(got, "("+tt.source+")") {
				t.Errorf("printed %q, want the source %q", got, tt.source)
			}
		})
	}
}

// printed is the line of `pharos config` for one key.
func printed(t *testing.T, l *settings.Loaded, key string) string {
	t.Helper()
	var b strings.Builder
	if err := l.Print(&b); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(b.String(), "\n") {
		if strings.HasPrefix(line, key+" ") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func TestRefusedValueIsOneLine(t *testing.T) {
	tests := []struct {
		name, file string
		args, env  []string
		want       string
	}{
		{
			name: "file", file: "# head\nserver.port=abc\n",
			want: `conf/application.properties:2: server.port = "abc" is refused; allowed is a whole number from 1001 to 64535`,
		},
		{
			name: "after a line that goes on", file: "x=a\\\n  b\nnacos.naming.expireInstance=maybe\n",
			want: `conf/application.properties:3: nacos.naming.expireInstance = "maybe" is refused; allowed is true or false`,
		},
		{
			name: "words of secrets", args: []string{"--set", "pharos.console.mask.keys=password,pass.*"},
			want: "flag --set: pharos.console.mask.keys = \"password,pass.*\" is refused; allowed is at most 64 words of 3 to 64 letters and digits, separated by commas",
		},
		{
			name: "variable", env: []string{"NACOS_AUTH_ENABLE=perhaps"},
			want: `environment NACOS_AUTH_ENABLE: nacos.core.auth.enabled = "perhaps" is refused; allowed is true or false`,
		},
		{
			name: "flag", args: []string{"--port=70000"},
			want: `flag --port: server.port = "70000" is refused; allowed is a whole number from 1001 to 64535`,
		},
		{
			name: "set", args: []string{"--set", "pharos.limits.body=ten"},
			want: `flag --set: pharos.limits.body = "ten" is refused; allowed is a size such as 65536, 512KB or 10MB, from 1KB to 1GB`,
		},
		{
			name: "set of no key", args: []string{"--set", "no.such.key=1"},
			want: "command line: invalid value \"no.such.key=1\" for flag -set: there is no such key; `pharos config` lists all; allowed is what `pharos help` lists",
		},
		{
			name: "a secret is not shown", env: []string{"PHAROS_CONFIG_ENCRYPTION_KEY=hunter2"},
			want: `environment PHAROS_CONFIG_ENCRYPTION_KEY: pharos.config.encryption.key = (not shown) is refused; allowed is the Base64 of 32 bytes`,
		},
		{
			name: "placeholder without a value", file: "server.port=${MY_PORT}\n",
			want: `conf/application.properties:1: server.port = "${MY_PORT}" (placeholder without a value: ${MY_PORT}) is refused; allowed is a whole number from 1001 to 64535`,
		},
		{
			name: "placeholders in a circle", file: "server.port=${a}\na=${b}\nb=${a}\n",
			want: `conf/application.properties:1: server.port = "${a}" (placeholders refer to each other without end) is refused; allowed is a whole number from 1001 to 64535`,
		},
		{
			name: "broken escape", file: "a=b\nserver.port=\\u12\n",
			want: `conf/application.properties: line 2: allowed is key=value with escapes such as \n and \u00e9`,
		},
		{
			name: "platform without a database", file: "spring.datasource.platform=mysql\ndb.num=2\ndb.url.0=jdbc:mysql://h/d\n",
			want: `db.url.1 is missing: the platform is mysql (conf/application.properties:1) and db.num is 2; allowed is jdbc:mysql://host:port/database?parameters`,
		},
		{
			name: "no data directory", args: []string{"--data", ""},
			want: `flag --data: pharos.data.dir = "" is refused; allowed is any text but none`,
		},
		{
			name: "no flag", args: []string{"serve"},
			want: "command line: \"serve\" is no flag; allowed is what `pharos help` lists",
		},
		{
			name: "value over two lines", file: "pharos.mode=a\\nb\n",
			want: `conf/application.properties:1: pharos.mode = "a b" is refused; allowed is auto, standalone, cluster`,
		},
		{
			name: "two listeners, one port", args: []string{"--port", "7080", "--set", "nacos.console.port=8080"},
			want: "two listeners have one port: HTTP 7080, gRPC 8080, console 8080, DNS 0; choose another with --port or --set",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.file, tt.args, tt.env)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestConfigFile(t *testing.T) {
	t.Run("data directory before working directory", func(t *testing.T) {
		dir := t.TempDir()
		t.Chdir(dir)
		write(t, dir, "conf/application.properties", "server.port=2001")
		write(t, dir, "d/conf/application.properties", "server.port=2002")
		l, err := settings.Load([]string{"--data", "d"}, nil)
		if err != nil || l.Settings.Server.Port != 2002 || l.File != "d/conf/application.properties" {
			t.Errorf("%+v, %v", l, err)
		}
	})
	t.Run("named file, or a folder with one, before both", func(t *testing.T) {
		dir := t.TempDir()
		t.Chdir(dir)
		write(t, dir, "conf/application.properties", "server.port=2001")
		path := write(t, dir, "else/application.properties", "server.port=2003")
		for _, name := range []string{path, filepath.Dir(path)} {
			for _, l := range []func() (*settings.Loaded, error){
				func() (*settings.Loaded, error) { return settings.Load([]string{"--config", name}, nil) },
				func() (*settings.Loaded, error) { return settings.Load(nil, []string{"PHAROS_CONFIG=" + name}) },
			} {
				if l, err := l(); err != nil || l.Settings.Server.Port != 2003 {
					t.Errorf("%s: %+v, %v", name, l, err)
				}
			}
		}
	})
	t.Run("named but not there", func(t *testing.T) {
		t.Chdir(t.TempDir())
		if _, err := settings.Load([]string{"--config", "absent"}, nil); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("Latin-1, as Java took it", func(t *testing.T) {
		l := mustLoad(t, "nacos.core.auth.ldap.basedc=dc=caf\xe9\n", nil, nil)
		if l.Settings.Auth.LDAP.BaseDC != "dc=café" {
			t.Errorf("got %q", l.Settings.Auth.LDAP.BaseDC)
		}
	})
	t.Run("help", func(t *testing.T) {
		if _, err := settings.Load([]string{"--help"}, nil); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSpellings(t *testing.T) {
	tests := []struct {
		name string
		file string
		env  []string
		get  func(settings.Settings) any
		want any
	}{
		{
			"kebab and camel are one", "server.servlet.context-path=/a", nil,
			func(s settings.Settings) any { return s.Server.ContextPath }, "/a",
		},
		{
			"env drops dashes", "",
			[]string{"NACOS_INETUTILS_IPADDRESS=10.1.1.1"},
			func(s settings.Settings) any { return s.Cluster.SelfIP }, "10.1.1.1",
		},
		{
			"env with dashes as _", "",
			[]string{"NACOS_INETUTILS_IP_ADDRESS=10.1.1.2"},
			func(s settings.Settings) any { return s.Cluster.SelfIP }, "10.1.1.2",
		},
		{
			"the sample's userdn is not userDn", "nacos.core.auth.ldap.userdn=cn={0}\nnacos.core.auth.ldap.userDn=cn=x\n", nil,
			func(s settings.Settings) any { return s.Auth.LDAP.UserDN }, "cn=x",
		},
		{
			"new platform name outranks the old", "spring.datasource.platform=\nspring.sql.init.platform=derby", nil,
			func(s settings.Settings) any { return s.Storage.Platform }, "",
		},
		{
			"list by index", "nacos.inetutils.preferred-networks[0]=10.\nnacos.inetutils.preferred-networks[1]=192.168\n", nil,
			func(s settings.Settings) any { return s.Cluster.Networks },
			[]string{"10.", "192.168"},
		},
		{
			"members of the image", "",
			[]string{"NACOS_SERVERS=a:8848 b:8848"},
			func(s settings.Settings) any { return s.Cluster.MemberList },
			[]string{"a:8848", "b:8848"},
		},
		{
			"milliseconds", "nacos.naming.client.expired.time=1500", nil,
			func(s settings.Settings) any { return s.Naming.ClientExpired }, 1500 * time.Millisecond,
		},
		{
			"duration", "nacos.naming.client.expired.time=90s", nil,
			func(s settings.Settings) any { return s.Naming.ClientExpired }, 90 * time.Second,
		},
		{
			"1.x name of the secret", "nacos.core.auth.default.token.secret.key=abc", nil,
			func(s settings.Settings) any { return s.Auth.TokenSecret }, "abc",
		},
		{
			"root context", "server.servlet.contextPath=/", nil,
			func(s settings.Settings) any { return s.Server.ContextPath }, "",
		},
		{
			"host names preferred", "",
			[]string{"PREFER_HOST_MODE=hostname"},
			func(s settings.Settings) any { return s.Cluster.PreferHost }, true,
		},
		{
			"host names not preferred", "",
			[]string{"PREFER_HOST_MODE=ip"},
			func(s settings.Settings) any { return s.Cluster.PreferHost }, false,
		},
		{
			"BOM and CRLF", "\xef\xbb\xbfmaxContent=2MB\r\ndefaultGroupQuota = 7\r\n", nil,
			func(s settings.Settings) any { return [2]int64{s.Config.MaxContent, int64(s.Config.GroupQuota)} },
			[2]int64{2 << 20, 7},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := mustLoad(t, tt.file, nil, tt.env)
			if diff := cmp.Diff(tt.want, tt.get(l.Settings)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestIgnored(t *testing.T) {
	l := mustLoad(t, "no.such=1\nserver.port=9001\nnacos.inetutils.ignored-interfaces[0]=eth1\nspring.x[0]=1\nnacos.naming.data.warmup=true\n",
		nil, []string{"PHAROS_PROT=1", "PHAROS_SERVICE_HOST=10.0.0.1", "PHAROS_PORT_8848_TCP=tcp://10.0.0.1:8848", "PHAROS_LOG_LEVEL=warn"})
	want := []string{
		"no.such (line 1)", "spring.x[0] (line 4)", "PHAROS_PROT",
		"nacos.naming.data.warmup (conf/application.properties:5, without effect)",
	}
	if diff := cmp.Diff(want, l.Ignored); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

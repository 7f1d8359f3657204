package settings_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/cmd/settings"
)

func TestMembers(t *testing.T) {
	const conf = "conf/cluster.conf"
	tests := []struct {
		name       string
		conf, file string
		args, env  []string
		standalone bool
		members    []string
		confFile   string
	}{
		{name: "nobody named", standalone: true},
		{name: "mode said", args: []string{"--mode", "cluster"}},
		{name: "image's mode", env: []string{"MODE=cluster"}},
		{name: "nacos.standalone=false", file: "nacos.standalone=false"},
		{name: "a list in the file", file: "nacos.member.list=a:1,b:2", members: []string{"a:1", "b:2"}},
		{name: "cluster.conf before a list in the file", conf: "a:1\n", file: "nacos.member.list=b:2", confFile: conf},
		{name: "a list in the environment before cluster.conf", conf: "a:1\n", env: []string{"NACOS_SERVERS=b:2 c:3"}, members: []string{"b:2", "c:3"}},
		{name: "cluster.conf of comments alone", conf: "# it is\n#example\n\n", standalone: true},
		{name: "standalone said outranks members", conf: "a:1\n", args: []string{"--mode=standalone"}, standalone: true, confFile: conf},
		{name: "join", args: []string{"--join", "a:1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			if tt.conf != "" {
				write(t, dir, conf, tt.conf)
			}
			if tt.file != "" {
				write(t, dir, "conf/application.properties", tt.file)
			}
			l, err := settings.Load(tt.args, tt.env)
			if err != nil {
				t.Fatal(err)
			}
			c := l.Settings.Cluster
			if c.Standalone != tt.standalone || c.ConfFile != tt.confFile {
				t.Errorf("standalone %t, cluster.conf %q; want %t, %q", c.Standalone, c.ConfFile, tt.standalone, tt.confFile)
			}
			if diff := cmp.Diff(tt.members, c.MemberList); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDataSources(t *testing.T) {
	const image = "MYSQL_SERVICE_"
	tests := []struct {
		name, file string
		env        []string
		want       []settings.DataSource
	}{
		{name: "no platform", file: "db.num=1\ndb.url.0=nonsense\n"},
		{name: "unresolved, and no platform", file: "db.num=1\ndb.url.0=jdbc:mysql://${MYSQL_SERVICE_HOST}:3306/x\n"},
		{
			name: "one user for all",
			file: "spring.datasource.platform=mysql\ndb.num=2\ndb.url.0=jdbc:mysql://a:1/x\ndb.url.1=jdbc:mysql://b/x?y=z\ndb.user=u\ndb.password=p\n",
			want: []settings.DataSource{{URL: "jdbc:mysql://a:1/x", User: "u", Password: "p"}, {URL: "jdbc:mysql://b/x?y=z", User: "u", Password: "p"}},
		},
		{
			name: "a user each, by brackets",
			file: "spring.sql.init.platform=mysql\ndb.num=2\ndb.url[0]=jdbc:mysql://a/x\ndb.url[1]=jdbc:mysql://b/x\ndb.user[0]=u\ndb.user[1]=v\ndb.password[0]=p\ndb.password[1]=q\n",
			want: []settings.DataSource{{URL: "jdbc:mysql://a/x", User: "u", Password: "p"}, {URL: "jdbc:mysql://b/x", User: "v", Password: "q"}},
		},
		{
			name: "container image",
			env:  []string{"SPRING_DATASOURCE_PLATFORM=mysql", image + "HOST=db", image + "PORT=tcp://10.0.0.2:3306", image + "DB_NAME=nacos", image + "USER=u", image + "PASSWORD=p", image + "DB_PARAM=useSSL=true"},
			want: []settings.DataSource{{URL: "jdbc:mysql://db:3306/nacos?useSSL=true", User: "u", Password: "p"}},
		},
		{
			name: "container image's own file",
			file: "spring.sql.init.platform=${SPRING_DATASOURCE_PLATFORM:}\ndb.num=${MYSQL_DATABASE_NUM:1}\n" +
				"db.url.0=jdbc:mysql://${MYSQL_SERVICE_HOST}:${MYSQL_SERVICE_PORT:3306}/${MYSQL_SERVICE_DB_NAME}?${MYSQL_SERVICE_DB_PARAM:a=b&c=d}\n" +
				"db.user.0=${MYSQL_SERVICE_USER}\ndb.password.0=${MYSQL_SERVICE_PASSWORD}\n",
			env:  []string{"SPRING_DATASOURCE_PLATFORM=mysql", image + "HOST=db", image + "DB_NAME=nacos", image + "USER=u", image + "PASSWORD=p", image + "DB_PARAM=e=f"},
			want: []settings.DataSource{{URL: "jdbc:mysql://db:3306/nacos?e=f", User: "u", Password: "p"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := mustLoad(t, tt.file, nil, tt.env)
			if diff := cmp.Diff(tt.want, l.Settings.Storage.Sources); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthModes(t *testing.T) {
	for _, tt := range []struct {
		file               string
		client, management settings.AuthMode
	}{
		{"", settings.AuthObserve, settings.AuthEnforce},
		{"nacos.core.auth.enabled=", settings.AuthObserve, settings.AuthEnforce},
		{"nacos.core.auth.enabled=true", settings.AuthEnforce, settings.AuthEnforce},
		{"nacos.core.auth.enabled=false", settings.AuthOff, settings.AuthOff},
		{"nacos.core.auth.enabled=false\nnacos.core.auth.admin.enabled=true", settings.AuthOff, settings.AuthEnforce},
		{"nacos.core.auth.console.enabled=false", settings.AuthObserve, settings.AuthOff},
		{"nacos.core.auth.enabled=false\npharos.auth.mode=observe", settings.AuthObserve, settings.AuthEnforce},
	} {
		a := mustLoad(t, tt.file, nil, nil).Settings.Auth
		if a.Client() != tt.client || a.Management() != tt.management {
			t.Errorf("%q: SDKs %s, management %s; want %s, %s", tt.file, a.Client(), a.Management(), tt.client, tt.management)
		}
	}
}

// Only --port and --data tell servers on one machine apart, so a console's port
// that nobody said is no reason not to start.
func TestConsolePortGivesWay(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, port := range []string{"7080", "8080", "9080"} {
		if _, err := settings.Load([]string{"--port", port}, nil); err != nil {
			t.Errorf("--port %s: %v", port, err)
		}
	}
}

package persistence_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/persistence"
)

func TestJDBC(t *testing.T) {
	for url, want := range map[string]string{
		"jdbc:mysql://db:3307/nacos":                     "db:3307",
		"jdbc:mysql://db/nacos?useSSL=false":             "db:3306",
		"jdbc:mysql://[::1]:3306/nacos":                  "[::1]:3306",
		"jdbc:mariadb://db/nacos?a=b&&=&c":               "db:3306",
		"jdbc:mysql://a:1,b:2/nacos":                     "a:1 b:2",
		"jdbc:mysql:loadbalance://a,b:2/nacos?x":         "a:3306 b:2",
		"jdbc:mysql://u:p%40q@db/nacos":                  "db:3306",
		"jdbc:mysql://db/nacos?serverTimezone=GMT%2B8":   "db:3306",
		"jdbc:mysql://db/nacos?serverTimezone=GMT+08:00": "db:3306",
		"jdbc:mysql://db/nacos?sslMode=VERIFY_IDENTITY":  "db:3306",
	} {
		cfgs, err := persistence.Source{URL: url, User: "nacos", Password: "s"}.Configs()
		var got []string
		for _, c := range cfgs {
			got = append(got, c.Addr)
			if c.DBName != "nacos" || c.User != "nacos" || c.Passwd != "s" || !c.ClientFoundRows || !c.ParseTime {
				t.Errorf("%s: %+v", url, c)
			}
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", url, got, err)
		}
	}
}

func TestJDBCParameters(t *testing.T) {
	src := persistence.Source{URL: "jdbc:mysql://u:p%40q@db/nacos?characterEncoding=utf8&connectTimeout=1000&socketTimeout=3000&autoReconnect=true&useUnicode=true&useSSL=true&requireSSL=true" +
		"&serverTimezone=Asia/Shanghai&allowPublicKeyRetrieval=true&sessionVariables=innodb_lock_wait_timeout=5,bad;name=1&useCompression=true&maxAllowedPacket=1000000"}
	c := must(src.Configs())(t)[0]
	if c.User != "u" || c.Passwd != "p@q" || c.Timeout != time.Second || c.ReadTimeout != 3*time.Second || c.WriteTimeout != 3*time.Second || c.Loc.String() != "Asia/Shanghai" ||
		c.TLS == nil || c.AllowFallbackToPlaintext || c.MaxAllowedPacket != 1000000 || c.Params["innodb_lock_wait_timeout"] != "5" || len(c.Params) != 2 {
		t.Errorf("%+v", c)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for zone, want := range map[string]int{"GMT%2B8": 8 * 3600, "GMT+8": 8 * 3600, "UTC": 0, "GMT-03:30": -12600, "Asia/Shanghai": 8 * 3600} {
		c := must(persistence.Source{URL: "jdbc:mysql://db/nacos?serverTimezone=" + zone}.Configs())(t)[0]
		if _, got := at.In(c.Loc).Zone(); got != want {
			t.Errorf("%s: %d", zone, got)
		}
	}
	for ssl, want := range map[string][2]bool{ // TLS, and plain text if there is none
		"": {true, true}, "useSSL=false": {false, false}, "useSSL=true": {true, true}, "sslMode=DISABLED": {false, false},
		"sslMode=REQUIRED": {true, false}, "useSSL=true&verifyServerCertificate=true": {true, false}, "sslMode=VERIFY_CA": {true, false},
	} {
		c := must(persistence.Source{URL: "jdbc:mysql://db/nacos?" + ssl}.Configs())(t)[0]
		if (c.TLS != nil) != want[0] || c.AllowFallbackToPlaintext != want[1] {
			t.Errorf("%s: %+v", ssl, c)
		}
	}
}

func TestJDBCRefuses(t *testing.T) {
	for url, want := range map[string]string{
		"":                                   "not of the form",
		"mysql://db/nacos":                   "jdbc:mysql:// and jdbc:mariadb://",
		"jdbc:oracle:thin://db/nacos":        "jdbc:mysql:// and jdbc:mariadb://",
		"jdbc:mysql://db":                    "names no database",
		"jdbc:mysql:///nacos":                "write host:port",
		"jdbc:mysql://db:0/nacos":            "write host:port",
		"jdbc:mysql://db:99999/nacos":        "write host:port",
		"jdbc:mysql://address=(host=x)/n":    "write host:port",
		"jdbc:mysql://d/n?connectTimeout=1s": "connectTimeout",
		"jdbc:mysql://d/n?socketTimeout=-1":  "socketTimeout",
		"jdbc:mysql://d/n?serverTimezone=Y":  "serverTimezone",
		"jdbc:mysql://d/n?sslMode=MAYBE":     "sslMode",
		"jdbc:mysql://u:word@d/n?sslMode=VERIFY_CA&trustCertificateKeyStoreUrl=file:x&password=word": "Java key store",
	} {
		_, err := persistence.Source{URL: url, User: "u", Password: "word"}.Configs()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "word") && url != "" && strings.Contains(url, "u:word") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func FuzzJDBC(f *testing.F) {
	f.Add("jdbc:mysql://u:p@a:1,[::1]:2/nacos?useSSL=true&serverTimezone=GMT%2B8&sessionVariables=a=1,b=2")
	f.Fuzz(func(t *testing.T, url string) {
		cfgs, err := persistence.Source{URL: url, User: "user", Password: "hunter2hunter2"}.Configs()
		if err != nil {
			if strings.Contains(err.Error(), "hunter2hunter2") {
				t.Fatal("the password is in the error")
			}
			return
		}
		if len(cfgs) == 0 {
			t.Fatal("neither an error nor a host")
		}
		for _, c := range cfgs {
			if c.Addr == "" || c.DBName == "" || c.Loc == nil {
				t.Fatalf("%+v", c)
			}
			c.FormatDSN()
		}
	})
}

package settings

import (
	"slices"
	"strconv"
	"time"
)

// maxDataSources bounds db.num; Nacos chooses a master among them, two or three are usual.
const maxDataSources = 16

// Storage is where durable rows live: in the embedded database of the data
// directory, or in an external MySQL.
type Storage struct {
	Platform string       // spring.sql.init.platform, formerly spring.datasource.platform: "mysql", or "" for embedded
	Number   int          // db.num: how many of Sources there are
	Sources  []DataSource // one for each of db.num; empty when embedded
	Pool     Pool
	LogSQL   bool // nacos.plugin.datasource.log.enabled
	DerbyOps bool // nacos.config.derby.ops.enabled: only changes the text of a refusal, raw SQL is never run
	Embedded bool // embeddedStorage: what a cluster without a platform uses anyway
}

// DataSource is one external database.
type DataSource struct {
	URL      string // db.url.N: jdbc:mysql://host:port/database?parameters
	User     string // db.user.N, else db.user, else db.user.0
	Password string // db.password.N, likewise. Secret
}

// Pool bounds the connections to each external database.
type Pool struct {
	Max               int           // db.pool.config.maximumPoolSize
	MinIdle           int           // db.pool.config.minimumIdle
	ConnectionTimeout time.Duration // db.pool.config.connectionTimeout: to get one
	ValidationTimeout time.Duration // db.pool.config.validationTimeout: to test one
	IdleTimeout       time.Duration // db.pool.config.idleTimeout: before an idle one is closed
	MaxLifetime       time.Duration // db.pool.config.maxLifetime: before any is closed
}

func defaultStorage() Storage {
	return Storage{
		Pool: Pool{
			Max: 20, MinIdle: 2, ConnectionTimeout: 3 * time.Second, ValidationTimeout: 10 * time.Second,
			IdleTimeout: 10 * time.Minute, MaxLifetime: 30 * time.Minute,
		},
	}
}

// External says whether configs, namespaces and users live in a MySQL.
func (s Storage) External() bool { return s.Platform != "" }

// keys makes room for every data source that there can be; settle cuts
// Sources to db.num once that is known.
func (s *Storage) keys() []key {
	s.Sources = append(slices.Grow(s.Sources, maxDataSources), make([]DataSource, maxDataSources-len(s.Sources))...)
	keys := []key{
		{
			name: "spring.sql.init.platform", aliases: []string{"spring.datasource.platform"}, env: []string{"SPRING_DATASOURCE_PLATFORM"},
			doc: "mysql uses the databases of db.*; empty the embedded one", value: platform(&s.Platform),
		},
		{name: "db.num", env: []string{"MYSQL_DATABASE_NUM"}, doc: "number of external databases; needed with a platform", value: number(&s.Number, 0, maxDataSources)},
	}
	for i := range maxDataSources {
		keys = append(keys, s.sourceKeys(i)...)
	}
	const pool, day = "db.pool.config.", 24 * time.Hour
	return append(
		keys,
		key{name: pool + "maximumPoolSize", doc: "most connections to one database", value: number(&s.Pool.Max, 1, 10_000)},
		key{name: pool + "minimumIdle", doc: "idle connections kept open", value: number(&s.Pool.MinIdle, 0, 10_000)},
		key{name: pool + "connectionTimeout", doc: "wait for a connection, ms", value: millis(&s.Pool.ConnectionTimeout, time.Millisecond, time.Hour)},
		key{name: pool + "validationTimeout", doc: "wait for the test of a connection, ms", value: millis(&s.Pool.ValidationTimeout, time.Millisecond, time.Hour)},
		key{name: pool + "idleTimeout", doc: "an idle connection is closed after this, ms", value: millis(&s.Pool.IdleTimeout, 0, day)},
		key{name: pool + "maxLifetime", doc: "any connection is closed after this, ms", value: millis(&s.Pool.MaxLifetime, 0, day)},
		key{name: "nacos.plugin.datasource.log.enabled", inert: true, doc: "log SQL", value: boolean(&s.LogSQL)},
		key{name: "nacos.config.derby.ops.enabled", inert: true, doc: "raw SQL is never run", value: boolean(&s.DerbyOps)},
		key{name: "embeddedStorage", inert: true, env: []string{"EMBEDDED_STORAGE"}, doc: "a cluster without a platform uses the embedded database", value: embedded(&s.Embedded)},
	)
}

func (s *Storage) sourceKeys(i int) []key {
	n, src := strconv.Itoa(i), &s.Sources[i]
	user, password := []string{"db.user[" + n + "]"}, []string{"db.password[" + n + "]"}
	if i == 0 {
		user, password = append(user, "db.user"), append(password, "db.password")
	}
	return []key{
		{name: "db.url." + n, aliases: []string{"db.url[" + n + "]"}, quiet: i > 0, lazy: true, masked: true, doc: "JDBC URL of database " + n, value: jdbcURL(&src.URL)},
		{name: "db.user." + n, aliases: user, quiet: i > 0, lazy: true, doc: "its user; db.user.0 where one has none", value: text(&src.User)},
		{name: "db.password." + n, aliases: password, quiet: i > 0, lazy: true, secret: true, doc: "its password; db.password.0 where one has none", value: text(&src.Password)},
	}
}

// settle leaves the data sources that are in use, each with its user.
func (s *Storage) settle() {
	if !s.External() {
		s.Sources = nil
		return
	}
	first := s.Sources[0]
	s.Sources = slices.Clip(s.Sources[:s.Number])
	for i := range s.Sources {
		if s.Sources[i].User == "" {
			s.Sources[i].User, s.Sources[i].Password = first.User, first.Password
		}
	}
}

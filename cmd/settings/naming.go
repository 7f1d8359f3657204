package settings

import "time"

// Naming is what service discovery can be told.
type Naming struct {
	ExpireInstance     bool          // remove instances whose beats stop; nacos.naming.expireInstance
	ClientExpired      time.Duration // idle limit of an HTTP client; nacos.naming.client.expired.time
	PushTaskDelay      time.Duration // how long changes of one service are collected; nacos.naming.push.pushTaskDelay
	PushTimeout        time.Duration // wait for a push's acknowledgement; nacos.naming.push.pushTaskTimeout
	PushRetryDelay     time.Duration // before a failed push is tried again; nacos.naming.push.pushTaskRetryDelay
	CleanEmptyInterval time.Duration // nacos.naming.clean.empty-service.interval
	CleanEmptyAfter    time.Duration // nacos.naming.clean.empty-service.expired-time
	CleanMetaInterval  time.Duration // nacos.naming.clean.expired-metadata.interval
	CleanMetaAfter     time.Duration // nacos.naming.clean.expired-metadata.expired-time
	MaxMetadataLength  int           // characters; nacos.naming.service.metadata.length
	ParamCheck         bool          // nacos.core.param.check.enabled
	Warmup             bool          // refuse reads until the data of peers is here; nacos.naming.data.warmup
	SnowflakeWorker    int           // worker part of generated instance ids, -1 follows the address; nacos.core.snowflake.worker-id
	FuzzyPatterns      int           // patterns one server watches; nacos.naming.fuzzy.watch.max.pattern.count
	FuzzyMatches       int           // services one pattern may match; nacos.naming.fuzzy.watch.max.pattern.match.service.count
	CMDBFile           string        // file with the labels of addresses; pharos.naming.cmdb.file
	CMDBURL            string        // or a URL that answers the same; pharos.naming.cmdb.url
	CMDBInterval       time.Duration // how often it is read again; nacos.cmdb.dumpTaskInterval
	CheckCommand       string        // program of the user-defined health check, "" allows none; pharos.naming.check.command
	CheckHook          string        // URL of the user-defined health check, "" allows none; pharos.naming.check.hook
}

func defaultNaming() Naming {
	return Naming{
		ExpireInstance:     true,
		ClientExpired:      3 * time.Minute,
		PushTaskDelay:      50 * time.Millisecond,
		PushTimeout:        5 * time.Second,
		PushRetryDelay:     time.Second,
		CleanEmptyInterval: time.Minute,
		CleanEmptyAfter:    time.Minute,
		CleanMetaInterval:  5 * time.Second,
		CleanMetaAfter:     time.Minute,
		MaxMetadataLength:  1024,
		ParamCheck:         true,
		SnowflakeWorker:    -1,
		FuzzyPatterns:      20,
		FuzzyMatches:       500,
		CMDBInterval:       time.Hour,
	}
}

func (n *Naming) keys() []key {
	const day = 24 * time.Hour
	return []key{
		{name: "nacos.naming.expireInstance", doc: "remove ephemeral instances whose beats stopped", value: boolean(&n.ExpireInstance)},
		{name: "nacos.naming.client.expired.time", doc: "longest silence of a client before its instances go, ms", value: millis(&n.ClientExpired, time.Second, day)},
		{
			name: "nacos.naming.push.pushTaskDelay", doc: "how long further changes of a service are collected after subscribers were told of one, ms; " +
				"Nacos waits 500 before it tells the first, Pharos tells it at once", value: millis(&n.PushTaskDelay, 0, time.Minute),
		},
		{name: "nacos.naming.push.pushTaskTimeout", doc: "wait for the acknowledgement of a push, ms", value: millis(&n.PushTimeout, 10*time.Millisecond, time.Minute)},
		{name: "nacos.naming.push.pushTaskRetryDelay", doc: "wait before a failed push is tried again, ms", value: millis(&n.PushRetryDelay, time.Millisecond, time.Minute)},
		{name: "nacos.naming.clean.empty-service.interval", doc: "how often empty services are looked for, ms", value: millis(&n.CleanEmptyInterval, 100*time.Millisecond, day)},
		{name: "nacos.naming.clean.empty-service.expired-time", doc: "a service empty this long goes, ms", value: millis(&n.CleanEmptyAfter, 0, 365*day)},
		{name: "nacos.naming.clean.expired-metadata.interval", doc: "how often metadata without an owner is looked for, ms", value: millis(&n.CleanMetaInterval, 100*time.Millisecond, day)},
		{name: "nacos.naming.clean.expired-metadata.expired-time", doc: "metadata without an owner this long goes, ms", value: millis(&n.CleanMetaAfter, 0, 365*day)},
		{name: "nacos.naming.service.metadata.length", doc: "characters of all metadata keys and values of one instance", value: number(&n.MaxMetadataLength, 1, 1<<20)},
		{name: "nacos.core.param.check.enabled", doc: "check names and lengths of parameters before anything else", value: boolean(&n.ParamCheck)},
		{name: "nacos.naming.data.warmup", inert: true, doc: "answer reads only when the data of the other nodes has arrived", value: boolean(&n.Warmup)},
		{name: "nacos.core.snowflake.worker-id", doc: "worker part of generated instance ids; -1 derives it from the address", value: number(&n.SnowflakeWorker, -1, 1023)},
		{name: "nacos.naming.fuzzy.watch.max.pattern.count", inert: true, doc: "patterns that can be watched at once", value: number(&n.FuzzyPatterns, 1, 1<<20)},
		{name: "nacos.naming.fuzzy.watch.max.pattern.match.service.count", inert: true, doc: "services that one pattern can match", value: number(&n.FuzzyMatches, 1, 1<<20)},
		{name: "pharos.naming.cmdb.file", doc: "file with labels of addresses, for label selectors", value: text(&n.CMDBFile)},
		{name: "pharos.naming.cmdb.url", doc: "URL that answers such labels", value: webURL(&n.CMDBURL)},
		{name: "nacos.cmdb.dumpTaskInterval", doc: "how often the labels are read again, s", value: seconds(&n.CMDBInterval, time.Second, 30*day)},
		{name: "pharos.naming.check.command", doc: "program of the user-defined health check; empty allows none", value: text(&n.CheckCommand)},
		{name: "pharos.naming.check.hook", doc: "URL asked by the user-defined health check; empty allows none", value: webURL(&n.CheckHook)},
	}
}

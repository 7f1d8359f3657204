package settings

import "time"

// Config is what the configuration centre can be told.
type Config struct {
	RetentionDays      int           // nacos.config.retention.days: age at which history rows go
	HistoryVersions    int           // pharos.config.history.versions: rows kept per config; 0 is no limit
	MaxContent         int64         // maxContent: bytes of one config
	ManageCapacity     bool          // isManageCapacity: count usage per group and namespace
	CapacityLimitCheck bool          // isCapacityLimitCheck: refuse what is over quota
	ClusterQuota       int           // defaultClusterQuota: configs in all
	GroupQuota         int           // defaultGroupQuota: configs in a group
	TenantQuota        int           // defaultTenantQuota: configs in a namespace
	MaxSize            int           // defaultMaxSize: bytes of one config under a quota
	MaxAggrCount       int           // defaultMaxAggrCount: parts of an aggregated config
	MaxAggrSize        int           // defaultMaxAggrSize: bytes of one part
	CorrectUsage       time.Duration // correctUsageDelay: how often usage is counted anew
	ExpansionPercent   int           // initialExpansionPercent: head room when a quota is first written
	GrayVersions       int           // nacos.config.gray.version.max.count: gray rules of one config
	GrayCompatible     bool          // nacos.config.gray.compatible.model: keep the old beta and tag tables in step
	SearchQueue        int           // nacos.config.search.max_capacity: blurred searches that may wait
	SearchThreads      int           // nacos.config.search.max_thread: blurred searches that may run
	SearchWait         time.Duration // nacos.config.search.wait_timeout
	PushMaxRetry       int           // nacos.config.push.maxRetryTime: tries to tell a gRPC listener
	PushTimeout        time.Duration // nacos.config.push.timeout
	PushBatch          int           // nacos.config.push.batchSize: fuzzy-watch keys in one message
	FuzzyPatterns      int           // nacos.config.fuzzy.watch.max.pattern.count
	FuzzyMatches       int           // nacos.config.fuzzy.watch.max.pattern.match.config.count
	MaxParked          int           // pharos.config.listen.parked: long polls waiting at once; 0 is no limit of its own
	EncryptionKey      string        // pharos.config.encryption.key: Base64 of 32 bytes; content is stored encrypted. Secret
	EncryptionOldKeys  []string      // pharos.config.encryption.old-keys: still read, no longer written. Secret
	// What server/state shows of Nacos 1.x's HTTP notifications; nothing here acts on it.
	NotifyConnectTimeout    int  // notifyConnectTimeout, ms
	NotifySocketTimeout     int  // notifySocketTimeout, ms
	HealthCheck             bool // isHealthCheck
	MaxHealthCheckFailCount int  // maxHealthCheckFailCount
}

func defaultConfig() Config {
	return Config{
		RetentionDays: 30, MaxContent: 10 << 20,
		ManageCapacity: true, ClusterQuota: 100_000, GroupQuota: 200, TenantQuota: 200,
		MaxSize: 100 << 10, MaxAggrCount: 10_000, MaxAggrSize: 1024,
		CorrectUsage: 10 * time.Minute, ExpansionPercent: 100,
		GrayVersions: 10, GrayCompatible: true,
		SearchQueue: 4, SearchThreads: 2, SearchWait: 8 * time.Second,
		PushMaxRetry: 50, PushTimeout: 3 * time.Second, PushBatch: 20,
		FuzzyPatterns: 20, FuzzyMatches: 500,
		NotifyConnectTimeout: 100, NotifySocketTimeout: 200, HealthCheck: true, MaxHealthCheckFailCount: 12,
	}
}

func (c *Config) keys() []key {
	keys := append(c.contentKeys(), c.quotaKeys()...)
	return append(keys, c.watchKeys()...)
}

func (c *Config) contentKeys() []key {
	return []key{
		{name: "nacos.config.retention.days", doc: "days that history is kept", value: number(&c.RetentionDays, 1, 36500)},
		{name: "pharos.config.history.versions", doc: "history rows kept of one config; 0 is no limit", value: number(&c.HistoryVersions, 0, 1<<30)},
		{name: "maxContent", doc: "bytes of one config", value: size(&c.MaxContent, 1<<10, 1<<30)},
		{name: "nacos.config.gray.version.max.count", doc: "gray rules of one config", value: number(&c.GrayVersions, 1, 10_000)},
		{name: "nacos.config.gray.compatible.model", doc: "keep the beta and tag tables of older versions in step", value: boolean(&c.GrayCompatible)},
		{name: "nacos.config.search.max_capacity", doc: "searches in content that may wait", value: number(&c.SearchQueue, 1, 10_000)},
		{name: "nacos.config.search.max_thread", doc: "searches in content that may run at once", value: number(&c.SearchThreads, 1, 1000)},
		{name: "nacos.config.search.wait_timeout", doc: "longest search, ms", value: millis(&c.SearchWait, time.Millisecond, time.Hour)},
		{name: "pharos.config.encryption.key", secret: true, doc: "Base64 of 32 bytes: content is encrypted with it where it is stored; empty is off", value: aesKey(&c.EncryptionKey)},
		{name: "pharos.config.encryption.old-keys", secret: true, doc: "earlier such keys, comma separated: still read, no longer written", value: list(&c.EncryptionOldKeys)},
	}
}

func (c *Config) quotaKeys() []key {
	const most = 1 << 30
	return []key{
		{name: "isManageCapacity", doc: "count what groups and namespaces use", value: boolean(&c.ManageCapacity)},
		{name: "isCapacityLimitCheck", doc: "refuse what is over quota", value: boolean(&c.CapacityLimitCheck)},
		{name: "defaultClusterQuota", doc: "configs in all", value: number(&c.ClusterQuota, 0, most)},
		{name: "defaultGroupQuota", doc: "configs in a group", value: number(&c.GroupQuota, 0, most)},
		{name: "defaultTenantQuota", doc: "configs in a namespace", value: number(&c.TenantQuota, 0, most)},
		{name: "defaultMaxSize", doc: "bytes of one config where quotas are checked", value: number(&c.MaxSize, 0, most)},
		{name: "defaultMaxAggrCount", doc: "parts of an aggregated config", value: number(&c.MaxAggrCount, 0, most)},
		{name: "defaultMaxAggrSize", doc: "bytes of one part of an aggregated config", value: number(&c.MaxAggrSize, 0, most)},
		{name: "correctUsageDelay", doc: "how often usage is counted anew, s", value: seconds(&c.CorrectUsage, time.Second, 365*24*time.Hour)},
		{name: "initialExpansionPercent", doc: "head room of a quota that is first written below its usage, percent", value: number(&c.ExpansionPercent, 0, 10_000)},
	}
}

func (c *Config) watchKeys() []key {
	return []key{
		{name: "nacos.config.push.maxRetryTime", inert: true, doc: "tries to tell a gRPC listener", value: number(&c.PushMaxRetry, 0, 10_000)},
		{name: "nacos.config.push.timeout", inert: true, doc: "wait for a gRPC listener's answer, ms", value: millis(&c.PushTimeout, time.Millisecond, time.Hour)},
		{name: "nacos.config.push.batchSize", inert: true, doc: "keys in one fuzzy-watch message", value: number(&c.PushBatch, 1, 10_000)},
		{name: "nacos.config.fuzzy.watch.max.pattern.count", inert: true, doc: "patterns that can be watched at once", value: number(&c.FuzzyPatterns, 1, 1<<20)},
		{name: "nacos.config.fuzzy.watch.max.pattern.match.config.count", inert: true, doc: "configs that one pattern can match", value: number(&c.FuzzyMatches, 1, 1<<20)},
		{name: "pharos.config.listen.parked", doc: "long polls that may wait at once; 0 is no limit but that of connections", value: number(&c.MaxParked, 0, 1<<30)},
		{name: "notifyConnectTimeout", inert: true, doc: "shown by server/state, ms", value: number(&c.NotifyConnectTimeout, 0, 1<<30)},
		{name: "notifySocketTimeout", inert: true, doc: "shown by server/state, ms", value: number(&c.NotifySocketTimeout, 0, 1<<30)},
		{name: "isHealthCheck", inert: true, doc: "shown by server/state", value: boolean(&c.HealthCheck)},
		{name: "maxHealthCheckFailCount", inert: true, doc: "failures before an address server counts as ill", value: number(&c.MaxHealthCheckFailCount, 0, 1<<30)},
	}
}

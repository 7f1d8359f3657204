package persistence

// What there is, by file. Rows are in rows.go. A query gives nil and no error
// for a row that is not there. A write is
//
//	res, err := db.Apply(ctx, op)
//
// with err one of the Refusals (errors.Is), or ErrUnavailable, or a failure.
//
// Configs (config.go, config_query.go), gray copies (gray.go, gray_query.go):
//
//	PublishConfig  RemoveConfig  RemoveConfigs{IDs}  UpdateMetadata
//	PublishGray    RemoveGray    BetaRule(ips)  TagRule(tag)  ParseGrayRule(column)
//	(*DB) Config(ctx, ConfigKey) (*ConfigInfo, error)
//	(*DB) ConfigsByIDs(ctx, []int64) ([]ConfigInfo, error)
//	(*DB) ConfigPage(ctx, afterID, limit, content) ([]ConfigInfo, error)    how a start loads all
//	(*DB) TagsBetween(ctx, firstID, lastID) (map[int64]string, error)
//	(*DB) ConfigsSince(ctx, time, limit) ([]ConfigInfo, error)              what others changed
//	(*DB) LiveConfig  LiveGrays  Digests(ctx, []ConfigKey) (map, error)     the same, never by the copy
//	(*DB) Still(ConfigKey) (release func())                                 keeps this node's writers out
//	(*DB) ConfigsOf(ctx, tenant) ([]ConfigInfo, error)
//	(*DB) SearchConfigs(ctx, ConfigSearch, pageNo, size) (Page[ConfigInfo], error)
//	(*DB) ExportConfigs(ctx, ConfigExport) ([]ConfigInfo, error)
//	(*DB) CountConfigs(ctx) (int64, error)      CountByTenant(ctx) (map[string]int64, error)
//	(*DB) Gray(ctx, ConfigKey, name) (*Gray, error)   GraysOf(ctx, ConfigKey) ([]Gray, error)
//	(*DB) GrayPage(ctx, afterID, limit) ([]Gray, error)   GraysSince(ctx, time, limit) ([]Gray, error)
//
// History (history.go, history_query.go):
//
//	PurgeHistory{Before, Keep, Limit}
//	(*DB) HistoryOf(ctx, ConfigKey, pageNo, size) (Page[History], error)
//	(*DB) History(ctx, nid) (*History, error)
//	(*DB) HistoryPrevious(ctx, configID) (*History, error)   HistoryNext(ctx, History) (*History, error)
//	(*DB) RemovedSince(ctx, time, afterNID, limit) ([]History, error)
//	(*DB) LastHistory(ctx) (int64, error)   HistorySince(ctx, afterNID, limit) ([]Change, error)
//	(*DB) HistoryKeys(ctx, tenant) ([]ConfigKey, error)
//
// Capacity (capacity.go): PublishConfig.Count and RemoveConfig.Count keep the
// counters.
//
//	EnsureCapacity  InitCapacity  UpdateCapacity  CorrectUsage  CapacityOf  Quotas
//	(*DB) Capacity(ctx, CapacityOf) (*Capacity, error)
//	MergeAggregate   (*DB) Aggregates(ctx) ([]Aggregate, error)
//
// Namespaces (tenant.go):
//
//	CreateTenant  UpdateTenant  RemoveTenant
//	(*DB) Tenants(ctx) ([]Tenant, error)   Tenant(ctx, id) (*Tenant, error)
//
// Users (user.go, user_query.go):
//
//	CreateUser  UpdatePassword  RemoveUser  AddRole  RemoveRole  AddPermission  RemovePermission  RevokeTokens
//	(*DB) User(ctx, name) (*User, error)   Users(ctx, Match, pageNo, size) (Page[User], error)
//	(*DB) Roles(ctx, user, role Match, pageNo, size) (Page[Role], error)
//	(*DB) Permissions(ctx, role Match, pageNo, size) (Page[Permission], error)
//	(*DB) Usernames(ctx, part) ([]string, error)   RoleNames(ctx, part) ([]string, error)
//	(*DB) Revocations(ctx) ([]Revocation, error)
//	EndSession   (*DB) EndedSessions(ctx) ([]EndedSession, error)             of the console: session.go
//	PutPolicy       (*DB) Policies(ctx) ([]Policy, error)                      of namespaces: policy.go
//	PutPreference   (*DB) Preferences(ctx, user) ([]Preference, error)         of its users: preference.go
//
// Opening (db.go, external.go), the replicated log (log.go), at rest (keyring.go):
//
//	Open(path)   OpenFile(path, Options)   OpenMySQL(ctx, MySQLOptions)
//	(*DB) Observe(fn(Op, Result))   ObserveRestore(fn())   before the first write
//	(*DB) Health(ctx) []SourceState   Contents(ctx) (Contents, error)   Blank(ctx) (bool, error)
//	Move(ctx, from, to *DB, now) (Moved, error)
//	NewLog(*DB) Log   ApplyBatch([]Entry) []Answer   Applied()   Snapshot()   Restore(r)   Forget()
//	(*DB) Seal(Op) ([]byte, error)   Unseal([]byte) (Op, error)   what a log keeps on disk
//	NewKeyring([]Key, plain) (*Keyring, error)   (*DB) Reseal(ctx) (Resealed, error)

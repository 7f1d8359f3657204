package persistence

import "time"

// ConfigKey names a config. Tenant is the namespace id; "" is the public one,
// however the database writes it.
type ConfigKey struct {
	Tenant string
	Group  string
	DataID string
}

// ConfigInfo is a row of config_info. A nil pointer is a NULL.
type ConfigInfo struct {
	ConfigKey

	ID               int64
	Content          string // empty where the query does not ask for it
	MD5              string // lower hex of the content's UTF-8
	EncryptedDataKey string
	AppName          string
	Type             *string
	SrcUser          *string // who wrote last
	SrcIP            *string
	Desc             *string
	Use              *string
	Effect           *string
	Schema           *string
	Created          time.Time
	Modified         time.Time
	Tags             *string // joined by commas in the order they were given; nil is none, or not asked for
	Err              error   `json:"-"` // why the content cannot be read, such as a missing key; the other fields hold
}

// Gray is a row of config_info_gray, or of the tables for beta and tag that
// databases before 2.5 have in its place.
type Gray struct {
	ConfigKey

	ID               int64
	Name             string // "beta" or "tag_" and the tag
	Rule             string // JSON of {type, version, expr, priority}
	Content          string
	MD5              string
	EncryptedDataKey string
	AppName          string
	SrcUser          *string
	SrcIP            *string
	Created          time.Time
	Modified         time.Time
	Err              error `json:"-"` // why the content cannot be read
}

// History is a row of his_config_info.
type History struct {
	ConfigKey

	ID               int64 // of the config; 0 for an insert
	NID              int64 // of this row
	Content          string
	MD5              string
	EncryptedDataKey string
	AppName          string
	SrcUser          *string
	SrcIP            *string
	Op               string // "I", "U" or "D"
	PublishType      string // "formal" or "gray"
	GrayName         *string
	ExtInfo          *string // JSON
	Created          time.Time
	Modified         time.Time
	Err              error `json:"-"` // why the content cannot be read
}

// Aggregate is a row of config_info_aggr, which only databases of 1.x and 2.0
// to 2.4 have: one part of a config that is merged from parts.
type Aggregate struct {
	ConfigKey

	ID       int64
	DatumID  string
	Content  string
	AppName  string
	Modified time.Time
}

// Capacity is a row of group_capacity or tenant_capacity. A 0 stands for the
// configured default.
type Capacity struct {
	ID           int64
	Name         string // of the group or tenant; the group "" is the whole cluster
	Quota        int64  // configs
	Usage        int64  // configs
	MaxSize      int64  // bytes of one config
	MaxAggrCount int64
	MaxAggrSize  int64
	Created      time.Time
	Modified     time.Time
}

// Tenant is a namespace: a row of tenant_info. The public one has no row.
type Tenant struct {
	ID       string
	Name     string
	Desc     *string
	Created  time.Time
	Modified time.Time
}

// User is a row of users.
type User struct {
	Name     string
	Password string // a bcrypt hash
}

// Role is a row of roles: a user has a role.
type Role struct {
	Role string
	User string
}

// Permission is a row of permissions.
type Permission struct {
	Role     string
	Resource string // as stored: "namespace:group:resource"
	Action   string // "r", "w" or "rw"
}

// Revocation is a row of pharos_revocations: tokens of User issued before
// Before are void. The user "" is everybody.
type Revocation struct {
	User   string
	Before time.Time
}

// Page is one page of a search.
type Page[T any] struct {
	Total int64 // rows on all pages
	Items []T
}

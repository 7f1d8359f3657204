package settings

import "time"

// AuthMode says what happens to a call that is not allowed.
type AuthMode string

// The three states of authorization.
const (
	AuthOff     AuthMode = "off"     // everybody may do everything
	AuthObserve AuthMode = "observe" // answered, but logged and counted
	AuthEnforce AuthMode = "enforce" // denied
)

// Auth is who may do what.
type Auth struct {
	SystemType string // nacos.core.auth.system.type: "nacos" or "ldap"
	Mode       string // pharos.auth.mode: "", "off", "observe" or "enforce"; ask Client for what follows
	Enabled    Choice // nacos.core.auth.enabled: the calls of SDKs
	Admin      Choice // nacos.core.auth.admin.enabled: the management APIs (3.x)
	Console    Choice // nacos.core.auth.console.enabled: the console's APIs (3.x)
	Caching    bool   // nacos.core.auth.caching.enabled; nothing here is ever stale, see docs

	IdentityKey   string   // nacos.core.auth.server.identity.key: header by which Nacos servers know each other
	IdentityValue string   // nacos.core.auth.server.identity.value. Secret
	AgentWhite    bool     // nacos.core.auth.enable.userAgentAuthWhite: never honoured, a User-Agent proves nothing
	IgnoreURLs    []string // nacos.security.ignore.urls: never honoured; a warning says so

	TokenSecret string        // nacos.core.auth.plugin.nacos.token.secret.key: Base64; "" has one generated. Secret
	TokenExpire time.Duration // nacos.core.auth.plugin.nacos.token.expire.seconds
	TokenCache  bool          // nacos.core.auth.plugin.nacos.token.cache.enable

	AdminPassword string // pharos.auth.admin.password: of the first administrator. Secret
	LDAP          LDAP
	Audit         Audit
}

// LDAP is the second authenticator, used when SystemType is "ldap".
type LDAP struct {
	URL           string        // nacos.core.auth.ldap.url
	BaseDC        string        // nacos.core.auth.ldap.basedc
	Timeout       time.Duration // nacos.core.auth.ldap.timeout
	UserDN        string        // nacos.core.auth.ldap.userDn: the account that searches
	Password      string        // nacos.core.auth.ldap.password: of that account. Secret
	FilterPrefix  string        // nacos.core.auth.ldap.filter.prefix: the attribute that holds the user's name
	CaseSensitive bool          // nacos.core.auth.ldap.case.sensitive
	IgnorePartial bool          // nacos.core.auth.ldap.ignore.partial.result.exception
	InsecureTLS   bool          // pharos.auth.ldap.insecure: accept any certificate, as Nacos does
	CAFile        string        // pharos.auth.ldap.ca: whom ldaps:// certificates are checked against
}

// Audit is the append-only log of management writes and denied calls.
type Audit struct {
	File     string // pharos.audit.file; "" is audit.log in the data directory
	MaxSize  int64  // pharos.audit.max-size: bytes before the file is rotated
	MaxTotal int64  // pharos.audit.max-total: bytes of all of them
}

func defaultAuth() Auth {
	return Auth{
		SystemType: "nacos", Caching: true, TokenExpire: 5 * time.Hour,
		LDAP: LDAP{
			URL: "ldap://localhost:389", BaseDC: "dc=example,dc=org", Timeout: 3 * time.Second,
			UserDN: "cn=admin,dc=example,dc=org", Password: "password", FilterPrefix: "uid", CaseSensitive: true,
		},
		Audit: Audit{MaxSize: 100 << 20, MaxTotal: 1 << 30},
	}
}

// Client is the state of the APIs that SDKs call. Nothing said is observe; the
// Nacos switch said outright is off or enforce, as Nacos has it.
func (a Auth) Client() AuthMode {
	switch {
	case a.Mode != "":
		return AuthMode(a.Mode)
	case a.Enabled == Yes:
		return AuthEnforce
	case a.Enabled == No:
		return AuthOff
	default:
		return AuthObserve
	}
}

// Management is the state of the management and console APIs: off when that is
// said outright for them or for everything, else enforce.
func (a Auth) Management() AuthMode {
	switch {
	case a.Admin != Unsaid:
		return a.Admin.mode()
	case a.Console != Unsaid:
		return a.Console.mode()
	case a.Client() == AuthOff:
		return AuthOff
	default:
		return AuthEnforce
	}
}

func (a *Auth) keys() []key {
	const p, token = "nacos.core.auth.", "nacos.core.auth.plugin.nacos.token." //nolint:gosec // the names of settings
	return []key{
		{name: p + "system.type", env: []string{"NACOS_AUTH_SYSTEM_TYPE"}, doc: "who knows the passwords: nacos or ldap", value: oneOf(&a.SystemType, "nacos", "ldap")},
		{name: "pharos.auth.mode", doc: "off, observe or enforce; empty follows nacos.core.auth.enabled, and is observe when that is not said", value: oneOf(&a.Mode, "", string(AuthOff), string(AuthObserve), string(AuthEnforce))},
		{name: p + "enabled", env: []string{"NACOS_AUTH_ENABLE"}, doc: "true denies, false lets everything through; not said observes", value: choice(&a.Enabled)},
		{name: p + "admin.enabled", env: []string{"NACOS_AUTH_ADMIN_ENABLE"}, doc: "the same for the management APIs; not said follows the others", value: choice(&a.Admin)},
		{name: p + "console.enabled", env: []string{"NACOS_AUTH_CONSOLE_ENABLE"}, doc: "the same for the console's APIs", value: choice(&a.Console)},
		{name: p + "caching.enabled", inert: true, env: []string{"NACOS_AUTH_CACHE_ENABLE"}, doc: "users and roles are read from memory and never stale", value: boolean(&a.Caching)},
		{name: p + "server.identity.key", env: []string{"NACOS_AUTH_IDENTITY_KEY"}, doc: "header by which Nacos servers know each other", value: text(&a.IdentityKey)},
		{name: p + "server.identity.value", env: []string{"NACOS_AUTH_IDENTITY_VALUE"}, secret: true, doc: "its value", value: text(&a.IdentityValue)},
		{name: p + "enable.userAgentAuthWhite", inert: true, env: []string{"NACOS_AUTH_USER_AGENT_AUTH_WHITE_ENABLE"}, doc: "a User-Agent proves nothing", value: boolean(&a.AgentWhite)},
		{name: "nacos.security.ignore.urls", inert: true, env: []string{"NACOS_SECURITY_IGNORE_URLS"}, doc: "what is public stands in the route table", value: list(&a.IgnoreURLs)},
		{
			name: token + "secret.key", aliases: []string{p + "default.token.secret.key"}, env: []string{"NACOS_AUTH_TOKEN"}, secret: true,
			doc: "Base64 of at least 32 bytes that signs tokens; empty has one generated into the data directory", value: text(&a.TokenSecret),
		},
		{
			name: token + "expire.seconds", aliases: []string{p + "default.token.expire.seconds"}, env: []string{"NACOS_AUTH_TOKEN_EXPIRE_SECONDS"},
			doc: "validity of a token, s", value: seconds(&a.TokenExpire, time.Second, 10*365*24*time.Hour),
		},
		{name: token + "cache.enable", inert: true, doc: "verified tokens are always remembered", value: boolean(&a.TokenCache)},
		{name: "pharos.auth.admin.password", env: []string{"NACOS_AUTH_ADMIN_PASSWORD"}, secret: true, doc: "password of the first administrator, nacos, when there is none yet", value: text(&a.AdminPassword)},
		{name: "pharos.audit.file", doc: "audit log; empty is audit.log in the data directory", value: text(&a.Audit.File)},
		{name: "pharos.audit.max-size", doc: "size at which it is rotated", value: size(&a.Audit.MaxSize, 1<<20, 1<<40)},
		{name: "pharos.audit.max-total", doc: "size of all audit logs; the oldest go", value: size(&a.Audit.MaxTotal, 1<<20, 1<<50)},
	}
}

func (l *LDAP) keys() []key {
	const p = "nacos.core.auth.ldap."
	return []key{
		{name: p + "url", doc: "ldap://host:port or ldaps://host:port", value: ldapURL(&l.URL)},
		{name: p + "basedc", doc: "where users are searched", value: filled(&l.BaseDC)},
		{name: p + "timeout", doc: "wait for the directory, ms", value: millis(&l.Timeout, time.Millisecond, time.Minute)},
		{name: p + "userDn", exact: true, doc: "account that searches; spelled with a capital D, as Nacos reads it", value: filled(&l.UserDN)},
		{name: p + "password", secret: true, doc: "its password", value: text(&l.Password)},
		{name: p + "filter.prefix", doc: "attribute that holds the user's name", value: filled(&l.FilterPrefix)},
		{name: p + "case.sensitive", doc: "false lower-cases names at login", value: boolean(&l.CaseSensitive)},
		{name: p + "ignore.partial.result.exception", inert: true, doc: "take referrals that a directory answers for success", value: boolean(&l.IgnorePartial)},
		{name: "pharos.auth.ldap.insecure", doc: "accept any certificate of the directory", value: boolean(&l.InsecureTLS)},
		{name: "pharos.auth.ldap.ca", doc: "PEM file of authorities for ldaps://; empty uses the system's", value: text(&l.CAFile)},
	}
}

package persistence

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Source names a MySQL database as Nacos's settings do.
type Source struct {
	URL      string // jdbc:mysql://host:port/database?parameters
	User     string
	Password string
}

// maxURL bounds a JDBC URL, in bytes.
const maxURL = 8192

// Configs reads the source: one connection's settings for each host of the URL.
// An error names the parameter, never the password.
func (s Source) Configs() ([]*mysql.Config, error) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(s.URL), "://")
	if !ok || len(s.URL) > maxURL {
		return nil, errors.New("the database's URL is not of the form jdbc:mysql://host:port/database?parameters")
	}
	switch scheme {
	case "jdbc:mysql", "jdbc:mariadb", "jdbc:mysql:loadbalance", "jdbc:mysql:replication", "jdbc:mariadb:sequential":
	default:
		return nil, fmt.Errorf("the database's URL begins with %q: only jdbc:mysql:// and jdbc:mariadb:// are known", clip(scheme))
	}
	rest, query, _ := strings.Cut(rest, "?")
	hosts, name, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(hosts, '@'); at >= 0 {
		user, password, _ := strings.Cut(hosts[:at], ":")
		if s.User == "" {
			s.User, s.Password = unescape(user), unescape(password)
		}
		hosts = hosts[at+1:]
	}
	if name = unescape(name); name == "" {
		return nil, errors.New("the database's URL names no database")
	}
	cfg, err := jdbcConfig(s, name, query)
	if err != nil {
		return nil, err
	}
	var out []*mysql.Config
	for h := range strings.SplitSeq(hosts, ",") {
		c := cfg.Clone()
		if c.Addr, err = jdbcAddr(h); err != nil {
			return nil, err
		}
		if c.TLS != nil {
			c.TLS.ServerName, _, _ = net.SplitHostPort(c.Addr)
		}
		out = append(out, c)
	}
	return out, nil
}

func jdbcAddr(h string) (string, error) {
	h = strings.TrimSpace(h)
	if h == "" || strings.ContainsAny(h, "()= ") {
		return "", fmt.Errorf("the database's URL has a host %q: write host:port", clip(h))
	}
	host, port, err := net.SplitHostPort(h)
	if err != nil {
		host, port = strings.Trim(h, "[]"), "3306"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" {
		return "", fmt.Errorf("the database's URL has a host %q: write host:port", clip(h))
	}
	return net.JoinHostPort(host, port), nil
}

func jdbcConfig(s Source, name, query string) (*mysql.Config, error) {
	c := mysql.NewConfig()
	c.Net, c.DBName, c.User, c.Passwd = "tcp", name, s.User, s.Password
	c.Loc, c.ParseTime, c.InterpolateParams, c.ClientFoundRows = time.Local, true, true, true //nolint:gosmopolitan // as the Java driver: the zone of the process
	c.Collation = "utf8mb4_general_ci"
	c.Timeout = 3 * time.Second
	c.AllowNativePasswords, c.CheckConnLiveness = true, true
	// Values that do not fit are refused, not cut: the Java driver sets this too.
	c.Params = map[string]string{"sql_mode": "CONCAT(@@sql_mode,',STRICT_TRANS_TABLES')"}
	ssl := sslParams{mode: "PREFERRED"}
	for pair := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(pair, "=")
		if err := jdbcParam(c, &ssl, unescape(k), unescape(v)); err != nil {
			return nil, err
		}
	}
	return c, ssl.apply(c)
}

// jdbcParam takes one parameter of the URL. Those that mean nothing to us, such
// as autoReconnect, are passed over: the character set is always UTF-8.
func jdbcParam(c *mysql.Config, ssl *sslParams, k, v string) (err error) {
	switch k {
	case "user":
		if c.User == "" {
			c.User = v
		}
	case "password":
		if c.Passwd == "" {
			c.Passwd = v
		}
	case "connectTimeout":
		c.Timeout, err = jdbcMillis(k, v)
	case "socketTimeout":
		if c.ReadTimeout, err = jdbcMillis(k, v); err == nil {
			c.WriteTimeout = c.ReadTimeout
		}
	case "serverTimezone", "connectionTimeZone":
		c.Loc, err = jdbcZone(v, c.Loc)
	case "useCompression":
		err = c.Apply(mysql.EnableCompression(strings.EqualFold(v, "true")))
	case "maxAllowedPacket":
		n, e := strconv.Atoi(v)
		if e != nil || n < 0 {
			return fmt.Errorf("maxAllowedPacket in the database's URL is %q: a number of bytes is needed", clip(v))
		}
		if n > 0 {
			c.MaxAllowedPacket = n
		}
	case "sessionVariables":
		jdbcVariables(c, v)
	case "useSSL", "requireSSL", "verifyServerCertificate", "sslMode", "trustCertificateKeyStoreUrl":
		ssl.set(k, v)
	}
	return err
}

func jdbcMillis(k, v string) (time.Duration, error) {
	n, err := strconv.ParseUint(v, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%s in the database's URL is %q: a number of milliseconds is needed", k, clip(v))
	}
	return time.Duration(n) * time.Millisecond, nil
}

// jdbcZone is the zone of the DATETIME columns.
func jdbcZone(v string, std *time.Location) (*time.Location, error) {
	switch v {
	case "", "LOCAL", "SERVER":
		return std, nil
	}
	if l, err := time.LoadLocation(v); err == nil {
		return l, nil
	}
	// "GMT+8", which may have been written with an unescaped plus.
	s := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(v), "GMT"), "UTC"))
	sign := 1
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = -1, s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	hours, minutes, _ := strings.Cut(s, ":")
	h, err := strconv.ParseUint(hours, 10, 8)
	m := uint64(0)
	if err == nil && minutes != "" {
		m, err = strconv.ParseUint(minutes, 10, 8)
	}
	if err != nil || h > 14 || m > 59 {
		return nil, fmt.Errorf("serverTimezone in the database's URL is %q: a zone such as Asia/Shanghai or GMT+8 is needed", clip(v))
	}
	return time.FixedZone(v, sign*int(h*3600+m*60)), nil
}

// jdbcVariables takes "a=1,b='x'". What is not a plain name is passed over.
func jdbcVariables(c *mysql.Config, v string) {
	for pair := range strings.SplitSeq(v, ",") {
		k, val, ok := strings.Cut(pair, "=")
		k = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(k), "@@"), "session.")
		if ok && k != "" && val != "" && strings.Trim(k, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" {
			c.Params[k] = val
		}
	}
}

// sslParams are the parameters about TLS of both generations of the Java driver.
type sslParams struct {
	mode   string
	store  string
	useSSL string
	other  map[string]bool
}

func (p *sslParams) set(k, v string) {
	if p.other == nil {
		p.other = map[string]bool{}
	}
	switch k {
	case "sslMode":
		p.mode = strings.ToUpper(v)
		p.useSSL = ""
	case "useSSL":
		p.useSSL = strings.ToLower(v)
	case "trustCertificateKeyStoreUrl":
		p.store = v
	default:
		p.other[k] = strings.EqualFold(v, "true")
	}
}

func (p *sslParams) apply(c *mysql.Config) error {
	mode := p.mode
	switch {
	case p.useSSL == "false":
		mode = "DISABLED"
	case p.useSSL == "true" && p.other["verifyServerCertificate"]:
		mode = "VERIFY_CA"
	case p.useSSL == "true" && p.other["requireSSL"]:
		mode = "REQUIRED"
	}
	if p.store != "" && strings.HasPrefix(mode, "VERIFY") {
		return errors.New("trustCertificateKeyStoreUrl in the database's URL is a Java key store, which cannot be read here: " +
			"add the certificate authority to those of the system and take the parameter out")
	}
	switch mode {
	case "DISABLED", "DISABLE":
	case "PREFERRED":
		c.TLS, c.AllowFallbackToPlaintext = &tls.Config{InsecureSkipVerify: true}, true //nolint:gosec // what PREFERRED means to the Java driver
	case "REQUIRED", "TRUST":
		c.TLS = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // as above
	case "VERIFY_CA", "VERIFY-CA":
		c.TLS = &tls.Config{InsecureSkipVerify: true, VerifyConnection: verifyAuthority} //nolint:gosec // the authority is verified, the name is not
	case "VERIFY_IDENTITY", "VERIFY-FULL":
		c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	default:
		return fmt.Errorf("sslMode in the database's URL is %q: DISABLED, PREFERRED, REQUIRED, VERIFY_CA and VERIFY_IDENTITY are known", clip(mode))
	}
	return nil
}

// verifyAuthority asks that an authority the system trusts has signed the
// server's certificate, whatever name is in it.
func verifyAuthority(s tls.ConnectionState) error {
	o := x509.VerifyOptions{Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(o)
	return err
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// clip bounds what an error repeats of a setting.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

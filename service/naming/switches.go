package naming

import "time"

// Switches is what an operator can turn while the server runs. It is never
// changed once set. The members and their order are the wire's.
type Switches struct {
	Name                  string         `json:"name"`
	Masters               []string       `json:"masters"`
	AdWeightMap           map[string]int `json:"adWeightMap"`
	PushCacheMillis       int64          `json:"defaultPushCacheMillis"`
	BeatInterval          int64          `json:"clientBeatInterval"`
	CacheMillis           int64          `json:"defaultCacheMillis"`
	DistroThreshold       float32        `json:"distroThreshold"`
	Check                 bool           `json:"healthCheckEnabled"`
	AutoChangeHealthCheck bool           `json:"autoChangeHealthCheckEnabled"`
	Distro                bool           `json:"distroEnabled"`
	EnableStandalone      bool           `json:"enableStandalone"`
	Push                  bool           `json:"pushEnabled"`
	CheckTimes            int            `json:"checkTimes"`
	HTTPHealth            HealthParams   `json:"httpHealthParams"`
	TCPHealth             HealthParams   `json:"tcpHealthParams"`
	MySQLHealth           HealthParams   `json:"mysqlHealthParams"`
	IncrementalList       []string       `json:"incrementalList"`
	ServerStatusSync      int64          `json:"serverStatusSynchronizationPeriodMillis"`
	ServiceStatusSync     int64          `json:"serviceStatusSynchronizationPeriodMillis"`
	DisableAddIP          bool           `json:"disableAddIP"`
	SendBeatOnly          bool           `json:"sendBeatOnly"`
	LightBeat             bool           `json:"lightBeatEnabled"`
	LimitedURLs           map[string]int `json:"limitedUrlMap"`
	DistroExpired         int64          `json:"distroServerExpiredMillis"`
	PushGo                string         `json:"pushGoVersion"`
	PushJava              string         `json:"pushJavaVersion"`
	PushPython            string         `json:"pushPythonVersion"`
	PushC                 string         `json:"pushCVersion"`
	PushCSharp            string         `json:"pushCSharpVersion"`
	EnableAuthentication  bool           `json:"enableAuthentication"`
	OverriddenStatus      *string        `json:"overriddenServerStatus"`
	DefaultEphemeral      bool           `json:"defaultInstanceEphemeral"`
	CheckWhiteList        []string       `json:"healthCheckWhiteList"`
	Checksum              *string        `json:"checksum"`
}

// HealthParams bounds how often a type of health check runs: milliseconds, and
// how much of the last round-trip time stays in the average.
type HealthParams struct {
	Max    int     `json:"max"`
	Min    int     `json:"min"`
	Factor float32 `json:"factor"`
}

// defaultSwitches are the switches of a fresh server.
func defaultSwitches() *Switches {
	return &Switches{
		Name:        "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00",
		AdWeightMap: map[string]int{}, IncrementalList: []string{}, LimitedURLs: map[string]int{}, CheckWhiteList: []string{},
		PushCacheMillis: 10_000, BeatInterval: 5_000, CacheMillis: 3_000, DistroThreshold: 0.7,
		Check: true, AutoChangeHealthCheck: true, Distro: true, EnableStandalone: true, Push: true, CheckTimes: 3,
		HTTPHealth:       HealthParams{5000, 500, 0.85},
		TCPHealth:        HealthParams{5000, 1000, 0.75},
		MySQLHealth:      HealthParams{3000, 2000, 0.65},
		ServerStatusSync: 2_000, ServiceStatusSync: 5_000, LightBeat: true, DistroExpired: 10_000,
		PushGo: "0.1.0", PushJava: "0.1.0", PushPython: "0.4.3", PushC: "1.0.12", PushCSharp: "0.9.0",
		DefaultEphemeral: true,
	}
}

// cacheTime is how long a client may keep a list.
func (s *Switches) cacheTime() time.Duration {
	return time.Duration(s.PushCacheMillis) * time.Millisecond
}

// Switches returns the switches as they are now. They are not the caller's to
// change.
func (s *Service) Switches() *Switches { return s.switches.Load() }

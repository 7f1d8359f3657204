package node

import (
	"strconv"

	"github.com/pharos-registry/pharos/service/ops"
)

// state is what server/state tells a console: texts, null for what is not set.
func (n *Node) state() map[string]*string {
	m := map[string]*string{"function_mode": nil}
	for k, v := range map[string]string{
		"version":                       ops.Compatible,
		"startup_mode":                  "standalone",
		"server_port":                   strconv.Itoa(n.set.Server.Port),
		"auth_enabled":                  "false",
		"login_page_enabled":            "false",
		"auth_system_type":              "nacos",
		"auth_admin_request":            "false",
		"console_ui_enabled":            "true",
		"datasource_platform":           "",
		"plugin_datasource_log_enabled": "false",
		"config_retention_days":         "30",
		"notifyConnectTimeout":          "100",
		"notifySocketTimeout":           "200",
		"isHealthCheck":                 "true",
		"maxHealthCheckFailCount":       "12",
		"maxContent":                    "10485760",
		"isManageCapacity":              "true",
		"isCapacityLimitCheck":          "false",
		"defaultClusterQuota":           "100000",
		"defaultGroupQuota":             "200",
		"defaultMaxSize":                "102400",
		"defaultMaxAggrCount":           "10000",
		"defaultMaxAggrSize":            "1024",
	} {
		m[k] = &v
	}
	return m
}

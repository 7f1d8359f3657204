package node

import (
	"strconv"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/service/ops"
)

// mode is what operators are told this server runs as.
func (n *Node) mode() string {
	if n.set.Cluster.Standalone {
		return settings.ModeStandalone
	}
	return settings.ModeCluster
}

// state is what server/state tells a console: texts, null for what is not set.
func (n *Node) state() map[string]*string {
	set, c := n.set, n.set.Config
	client, off := set.Auth.Client(), set.Auth.Management() == settings.AuthOff
	admin := n.auth.HasAdmin()
	m := map[string]*string{"function_mode": nil}
	if set.Server.Function != settings.FunctionAll {
		m["function_mode"] = &set.Server.Function
	}
	for k, v := range map[string]string{
		"version":                       ops.Compatible,
		"startup_mode":                  n.mode(),
		"server_port":                   strconv.Itoa(set.Server.Port),
		"auth_enabled":                  strconv.FormatBool(client == settings.AuthEnforce),
		"login_page_enabled":            strconv.FormatBool(client == settings.AuthEnforce || n.auth.Settled() && !off),
		"auth_system_type":              set.Auth.SystemType,
		"auth_admin_request":            strconv.FormatBool(client == settings.AuthEnforce && !admin),
		"console_ui_enabled":            strconv.FormatBool(set.Console.UI),
		"datasource_platform":           set.Storage.Platform,
		"plugin_datasource_log_enabled": strconv.FormatBool(set.Storage.LogSQL),
		"config_retention_days":         strconv.Itoa(c.RetentionDays),
		"notifyConnectTimeout":          strconv.Itoa(c.NotifyConnectTimeout),
		"notifySocketTimeout":           strconv.Itoa(c.NotifySocketTimeout),
		"isHealthCheck":                 strconv.FormatBool(c.HealthCheck),
		"maxHealthCheckFailCount":       strconv.Itoa(c.MaxHealthCheckFailCount),
		"maxContent":                    strconv.FormatInt(c.MaxContent, 10),
		"isManageCapacity":              strconv.FormatBool(c.ManageCapacity),
		"isCapacityLimitCheck":          strconv.FormatBool(c.CapacityLimitCheck),
		"defaultClusterQuota":           strconv.Itoa(c.ClusterQuota),
		"defaultGroupQuota":             strconv.Itoa(c.GroupQuota),
		"defaultMaxSize":                strconv.Itoa(c.MaxSize),
		"defaultMaxAggrCount":           strconv.Itoa(c.MaxAggrCount),
		"defaultMaxAggrSize":            strconv.Itoa(c.MaxAggrSize),
	} {
		m[k] = &v
	}
	return m
}

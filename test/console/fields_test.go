package console

import "strings"

// reads are the fields that the pages of Nacos 2.5.1 read, by what they ask for.
func reads() map[string][]string {
	rows := func(names string) []string {
		out := []string{"totalCount", "pageNumber", "pagesAvailable"}
		for n := range strings.FieldsSeq(names) {
			out = append(out, "pageItems.0."+n)
		}
		return out
	}
	below := func(prefix, names string, more ...string) []string {
		out := more
		for n := range strings.FieldsSeq(names) {
			out = append(out, prefix+n)
		}
		return out
	}
	const (
		config  = "id dataId group content md5 type appName tenant"
		version = "id dataId group tenant appName opType srcIp srcUser publishType createdTime lastModifiedTime"
		state   = "version startup_mode login_page_enabled auth_enabled auth_system_type auth_admin_request console_ui_enabled config_retention_days function_mode server_port"
	)
	return map[string][]string{
		"GET v1/console/server/state":          below("", state),
		"GET v1/console/server/announcement":   below("", "code data"),
		"GET v1/console/server/guide":          below("", "code data"),
		"POST v1/auth/users/login":             below("", "accessToken tokenTtl globalAdmin username"),
		"POST v1/auth/users/admin":             below("", "code"),
		"GET v1/console/namespaces":            below("data.0.", "namespace namespaceShowName namespaceDesc quota configCount type", "code"),
		"GET v1/console/namespaces show":       below("", "namespace namespaceShowName namespaceDesc quota configCount type"),
		"GET v1/cs/configs search":             rows(config),
		"GET v2/cs/config/searchDetail search": rows(config),
		"GET v1/cs/configs show":               below("", config+" createTime modifyTime createUser createIp desc use effect schema configTags encryptedDataKey"),
		"GET v1/cs/configs beta":               below("data.", "dataId group content betaIps md5", "code"),
		"GET v1/cs/configs/listener":           below("", "collectStatus lisentersGroupkeyStatus"),
		"GET v1/cs/listener":                   below("", "collectStatus lisentersGroupkeyStatus"),
		"GET v1/cs/history search":             rows(version),
		"GET v1/cs/history nid":                below("", version+" md5 content extInfo grayName"),
		"GET v1/cs/history/previous":           below("", version+" md5 content"),
		"GET v1/cs/history/configs":            below("0.", "dataId group"),
		"DELETE v1/cs/configs delType":         below("", "code data"),
		"DELETE v1/cs/configs beta":            below("", "code data"),
		"POST v1/cs/configs import":            below("data.", "succCount skipCount", "code"),
		"POST v1/cs/configs clone":             below("data.", "succCount skipCount", "code"),
		"GET v1/ns/catalog/services":           below("serviceList.0.", "name groupName clusterCount ipCount healthyInstanceCount triggerFlag", "count"),
		"GET v1/ns/catalog/service":            below("service.", "name groupName protectThreshold metadata selector.type", "clusters.0.name", "clusters.0.healthChecker.type", "clusters.0.metadata", "clusters.0.defaultCheckPort", "clusters.0.useIPPort4Check"),
		"GET v1/ns/catalog/instances":          below("list.0.", "ip port weight healthy ephemeral enabled metadata clusterName", "count"),
		"GET v1/ns/service/subscribers":        below("", "count subscribers"),
		"GET v1/ns/service/selector/types":     below("", "code data.0"),
		"GET v1/core/cluster/nodes":            below("data.0.", "ip port state address extendInfo abilities failAccessCnt", "code"),
		"POST v1/core/cluster/server/leave":    below("", "code"),
		"GET v1/auth/users search":             rows("username password"),
		"GET v1/auth/roles search":             rows("role username"),
		"GET v1/auth/permissions search":       rows("role resource action"),
		"GET v1/auth/permissions":              below("", "code data"),
		"GET v1/auth/users/search":             below("", "0"),
		"GET v1/auth/roles/search":             below("", "0"),
		"POST v1/auth/users":                   below("", "code data"),
		"PUT v1/auth/users":                    below("", "code data"),
		"DELETE v1/auth/users":                 below("", "code data"),
		"POST v1/auth/roles":                   below("", "code data"),
		"DELETE v1/auth/roles":                 below("", "code data"),
		"DELETE v1/auth/permissions":           below("", "code data"),
	}
}

// reads3 are the fields that the pages of Nacos 3.1 read.
func reads3() map[string][]string {
	data := func(names string) []string {
		out := []string{"code", "message"}
		for n := range strings.FieldsSeq(names) {
			out = append(out, "data."+n)
		}
		return out
	}
	rows := func(names string) []string {
		out := data("totalCount pageNumber pagesAvailable")
		for n := range strings.FieldsSeq(names) {
			out = append(out, "data.pageItems.0."+n)
		}
		return out
	}
	const config = "id namespaceId groupName dataId md5 type appName createTime modifyTime"
	const version = "id namespaceId groupName dataId appName modifyTime srcIp srcUser opType publishType"
	words := func(names string) []string { return strings.Fields(names) }
	return map[string][]string{
		"GET v3/console/server/state":                  words("version login_page_enabled auth_enabled auth_system_type auth_admin_request console_ui_enabled config_retention_days function_mode"),
		"GET v3/console/server/announcement":           words("code data"),
		"GET v3/console/server/guide":                  words("code data"),
		"POST v3/auth/user/login":                      words("accessToken tokenTtl globalAdmin username"),
		"GET v3/console/core/namespace/list":           data("0.namespace 0.namespaceShowName 0.namespaceDesc 0.quota 0.configCount 0.type"),
		"GET v3/console/core/namespace":                data("namespace namespaceShowName namespaceDesc quota configCount"),
		"GET v3/console/core/namespace/exist":          words("code data"),
		"POST v3/console/core/namespace":               words("code data"),
		"PUT v3/console/core/namespace":                words("code data"),
		"DELETE v3/console/core/namespace":             words("code data"),
		"GET v3/console/cs/config/list search":         rows(config),
		"GET v3/console/cs/config/searchDetail search": rows(config),
		"GET v3/console/cs/config":                     data(config + " content desc encryptedDataKey createUser createIp configTags"),
		"GET v3/console/cs/config/beta":                data(config + " content grayName grayRule"),
		"GET v3/console/cs/config/listener":            data("queryType listenersStatus"),
		"GET v3/console/cs/config/listener/ip":         data("queryType listenersStatus"),
		"GET v3/console/cs/history/list":               rows(version),
		"GET v3/console/cs/history nid":                data(version + " content md5 extInfo grayName"),
		"GET v3/console/cs/history/previous":           data(version + " content"),
		"GET v3/console/cs/history/configs":            data("0.dataId 0.groupName"),
		"POST v3/console/cs/config/clone":              data("succCount skipCount"),
		"POST v3/console/cs/config/import":             data("succCount skipCount"),
		"DELETE v3/console/cs/config/batchDelete":      words("code data"),
		"GET v3/console/ns/service/list":               rows("name groupName clusterCount ipCount healthyInstanceCount triggerFlag"),
		"GET v3/console/ns/service":                    data("serviceName groupName clusterMap.DEFAULT.healthChecker.type clusterMap.DEFAULT.metadata protectThreshold metadata selector.type"),
		"GET v3/console/ns/instance/list":              rows("ip port weight healthy ephemeral enabled metadata clusterName"),
		"GET v3/console/ns/service/subscribers":        data("totalCount pageItems"),
		"GET v3/console/ns/service/selector/types":     data("0"),
		"GET v3/console/core/cluster/nodes":            data("0.ip 0.port 0.state 0.address 0.extendInfo 0.abilities 0.failAccessCnt"),
		"GET v3/auth/user/list search":                 rows("username password"),
		"GET v3/auth/role/list search":                 rows("role username"),
		"GET v3/auth/permission/list search":           rows("role resource action"),
		"GET v3/auth/permission":                       words("code data"),
		"GET v3/auth/user/search":                      data("0"),
		"GET v3/auth/role/search":                      data("0"),
	}
}

package node

import (
	"net/http/httptest"
	"regexp"
	"testing"
)

// Dashboards for Nacos ask for these figures by their names.
func TestNacosMonitor(t *testing.T) {
	api, _ := namingAPI(t)
	play(t, api, []step{
		{post, "/v1/ns/instance", "serviceName=a&ip=10.0.0.1&port=80", 200, "ok", ""},
		{post, "/v1/ns/instance", "serviceName=a&ip=10.0.0.2&port=80", 200, "ok", ""},
		{post, "/v1/cs/configs", "dataId=d&group=g&content=x", 200, "true", ""},
		{get, "/v1/cs/configs?dataId=d&group=g", "", 200, "x", ""},
		{get, "/v1/cs/configs?dataId=d&group=g", "", 200, "x", ""},
		{get, "/v1/cs/configs?search=blur&dataId=d*&group=&pageNo=1&pageSize=10", "", 200, "", `"totalCount":1`},
	})
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(get, "/nacos/actuator/prometheus", nil))
	got := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^nacos_monitor\{module="(\w+)",name="(\w+)"\} (\S+)$`).FindAllStringSubmatch(w.Body.String(), -1) {
		got[m[1]+" "+m[2]] = m[3]
	}
	for name, want := range map[string]string{
		"naming serviceCount": "1", "naming ipCount": "2", "naming subscriberCount": "0", "naming leaderStatus": "1",
		"naming tcpHealthCheck": "0", "naming httpHealthCheck": "0", "naming mysqlHealthCheck": "0",
		"naming totalPush": "0", "naming failedPush": "0", "naming avgPushCost": "-1", "naming maxPushCost": "-1",
		"naming totalPushCountForAvg": "0", "naming totalPushCostForAvg": "0",
		"naming serviceSubscribedEventQueueSize": "0", "naming serviceChangedEventQueueSize": "0", "naming pushPendingTaskCount": "0",
		"config getConfig": "2", "config publish": "1", "config configCount": "1", "config longPolling": "0",
		"config notifyTask": "0", "config notifyClientTask": "0", "config dumpTask": "0",
		"core longConnection": "0", "naming longConnection": "0", "config longConnection": "0", "unknown longConnection": "0",
		"naming emptyPush": "0", "config fuzzySearch": "1",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %s", name, got[name], want)
		}
	}
}

package controller

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

// sample is a piece of a program that uses what the console shows.
type sample struct {
	Language string `json:"language"`
	Title    string `json:"title"`
	Code     string `json:"code"`
}

// place is what samples are filled with.
type place struct {
	server    string // host:port
	base      string // http://host:port/nacos
	namespace string // "" for the public one
	group     string
	name      string
}

// placeOfBrowser is the address under which the browser came, as far as the
// request tells: a proxy may say it.
func (a *API) placeOfBrowser(q *middleware.Request) place {
	r := q.HTTP()
	host := r.Host
	if h, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Host"), ","); h != "" {
		host = strings.TrimSpace(h)
	}
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	name := (&url.URL{Host: host}).Hostname()
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	server := name + ":" + strconv.Itoa(a.o.Ops.Port()) // SDKs do not come by the port of the console
	return place{server: server, base: scheme + "://" + server + a.o.ContextPath}
}

func (a *API) extSamples(q *middleware.Request) (any, error) {
	f := formOf(q)
	p := a.placeOfBrowser(q)
	p.group = f.Optional("groupName", naming.DefaultGroup)
	p.namespace = namespaceOf(q)
	dataID, svc := f.text("dataId"), f.text("serviceName")
	switch {
	case dataID != "":
		p.name = dataID
		return p.fill(configSamples), nil
	case svc != "":
		p.name = svc
		return p.fill(serviceSamples), nil
	}
	return nil, service.Errorf(service.ParamMissing, "Required parameter 'dataId' or 'serviceName' is not present")
}

// fill puts the place into samples. What stands in a text of the program is
// quoted, what stands in an address is escaped.
func (p place) fill(all []sample) []sample {
	r := strings.NewReplacer(
		"{server}", p.server, "{base}", p.base,
		"{namespace}", quoted(p.namespace), "{group}", quoted(p.group), "{name}", quoted(p.name),
		"{Namespace}", url.QueryEscape(p.namespace), "{Group}", url.QueryEscape(p.group), "{Name}", url.QueryEscape(p.name),
	)
	out := make([]sample, 0, len(all))
	for _, s := range all {
		out = append(out, sample{s.Language, s.Title, r.Replace(s.Code)})
	}
	return out
}

// quoted is a text between quotation marks, as all of the languages read it.
func quoted(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", "", "$", `\u0024`).Replace(s)
}

// configSamples read a config and listen to it.
//
//nolint:gochecknoglobals // a table
var configSamples = []sample{
	{"bash", "curl", `# read
curl '{base}/v1/cs/configs?tenant={Namespace}&group={Group}&dataId={Name}'
# publish
curl -X POST '{base}/v1/cs/configs' -d 'tenant={Namespace}&group={Group}&dataId={Name}' --data-urlencode 'content=key: value' -d type=yaml
`},
	{"java", "Java SDK", `Properties properties = new Properties();
properties.put("serverAddr", "{server}");
properties.put("namespace", "{namespace}");
ConfigService configs = NacosFactory.createConfigService(properties);
String content = configs.getConfig("{name}", "{group}", 5000);
configs.addListener("{name}", "{group}", new Listener() {
    public void receiveConfigInfo(String changed) { System.out.println(changed); }
    public Executor getExecutor() { return null; }
});
`},
	{"yaml", "Spring Cloud Alibaba", `spring:
  config:
    import:
      - "nacos:{name}?group={group}&refreshEnabled=true"
  cloud:
    nacos:
      config:
        server-addr: "{server}"
        namespace: "{namespace}"
`},
	{"go", "Go SDK", `client, err := clients.NewConfigClient(vo.NacosClientParam{
	ClientConfig:  &constant.ClientConfig{NamespaceId: "{namespace}"},
	ServerConfigs: []constant.ServerConfig{*constant.NewServerConfig(host, port)}, // {server}
})
if err != nil {
	return err
}
content, err := client.GetConfig(vo.ConfigParam{DataId: "{name}", Group: "{group}"})
`},
	{"python", "Python SDK", `import nacos

client = nacos.NacosClient("{server}", namespace="{namespace}")
content = client.get_config("{name}", "{group}")
client.add_config_watcher("{name}", "{group}", lambda change: print(change["content"]))
`},
	{"javascript", "Node.js SDK", `const { NacosConfigClient } = require("nacos");
const client = new NacosConfigClient({ serverAddr: "{server}", namespace: "{namespace}" });
const content = await client.getConfig("{name}", "{group}");
client.subscribe({ dataId: "{name}", group: "{group}" }, (changed) => console.log(changed));
`},
	{"csharp", "C# SDK", `services.AddNacosV2Config(o =>
{
    o.ServerAddresses = new List<string> { "http://{server}/" };
    o.Namespace = "{namespace}";
    o.ConfigUseRpc = false;
});
var content = await configs.GetConfig("{name}", "{group}", 5000);
`},
}

// serviceSamples register an instance and look for others.
//
//nolint:gochecknoglobals // a table
var serviceSamples = []sample{
	{"bash", "curl", `# register, then beat every 5 seconds
curl -X POST '{base}/v1/ns/instance?namespaceId={Namespace}&groupName={Group}&serviceName={Name}&ip=127.0.0.1&port=8080'
curl -X PUT '{base}/v1/ns/instance/beat?namespaceId={Namespace}&groupName={Group}&serviceName={Name}&ip=127.0.0.1&port=8080'
# look for instances
curl '{base}/v1/ns/instance/list?namespaceId={Namespace}&groupName={Group}&serviceName={Name}&healthyOnly=true'
`},
	{"java", "Java SDK", `Properties properties = new Properties();
properties.put("serverAddr", "{server}");
properties.put("namespace", "{namespace}");
NamingService naming = NacosFactory.createNamingService(properties);
naming.registerInstance("{name}", "{group}", "127.0.0.1", 8080);
List<Instance> instances = naming.selectInstances("{name}", "{group}", true);
naming.subscribe("{name}", "{group}", event -> System.out.println(event));
`},
	{"yaml", "Spring Cloud Alibaba", `spring:
  application:
    name: "{name}"
  cloud:
    nacos:
      discovery:
        server-addr: "{server}"
        namespace: "{namespace}"
        group: "{group}"
`},
	{"go", "Go SDK", `client, err := clients.NewNamingClient(vo.NacosClientParam{
	ClientConfig:  &constant.ClientConfig{NamespaceId: "{namespace}"},
	ServerConfigs: []constant.ServerConfig{*constant.NewServerConfig(host, port)}, // {server}
})
if err != nil {
	return err
}
_, err = client.RegisterInstance(vo.RegisterInstanceParam{
	Ip: "127.0.0.1", Port: 8080, ServiceName: "{name}", GroupName: "{group}", Weight: 1, Enable: true, Healthy: true, Ephemeral: true,
})
instances, err := client.SelectInstances(vo.SelectInstancesParam{ServiceName: "{name}", GroupName: "{group}", HealthyOnly: true})
`},
	{"python", "Python SDK", `import nacos

client = nacos.NacosClient("{server}", namespace="{namespace}")
client.add_naming_instance("{name}", "127.0.0.1", 8080, group_name="{group}", heartbeat_interval=5)
print(client.list_naming_instance("{name}", group_name="{group}", healthy_only=True))
`},
	{"javascript", "Node.js SDK", `const { NacosNamingClient } = require("nacos");
const client = new NacosNamingClient({ serverList: "{server}", namespace: "{namespace}", logger: console });
await client.ready();
await client.registerInstance("{name}", { ip: "127.0.0.1", port: 8080 }, "{group}");
client.subscribe({ serviceName: "{name}", groupName: "{group}" }, (hosts) => console.log(hosts));
`},
	{"csharp", "C# SDK", `services.AddNacosV2Naming(o =>
{
    o.ServerAddresses = new List<string> { "http://{server}/" };
    o.Namespace = "{namespace}";
    o.NamingUseRpc = false;
});
await naming.RegisterInstance("{name}", "{group}", "127.0.0.1", 8080);
var instances = await naming.SelectInstances("{name}", "{group}", true);
`},
}

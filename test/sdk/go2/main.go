// Command sdkcheck uses a server through nacos-sdk-go v2 as an application
// would, and prints what it saw: see ../README.md for the form of the lines.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: sdkcheck naming|config|auth|cluster|provider|live")
		os.Exit(2)
	}
	r := &report{}
	switch os.Args[1] {
	case "provider":
		provide(os.Args[2], os.Args[3])
		return
	case "live":
		live(os.Args[2], os.Args[3:])
		return
	case "naming":
		naming(r)
	case "config":
		config(r)
	case "auth":
		authorization(r)
	case "cluster":
		cluster(r)
	default:
		fmt.Fprintln(os.Stderr, "unknown suite", os.Args[1])
		os.Exit(2)
	}
	if r.failed {
		os.Exit(1)
	}
}

// report prints one line per check.
type report struct {
	failed bool
	stdin  *bufio.Reader
}

// check runs f, which answers what there is to tell beyond "ok".
func (r *report) check(name string, f func() (string, error)) {
	detail, err := f()
	result := "ok"
	if err != nil {
		r.failed = true
		result, detail = "fail", err.Error()
	}
	detail = strings.NewReplacer("\n", " ", "\t", " ").Replace(detail)
	fmt.Printf("@check\t%s\t%s\t%s\n", name, result, detail)
}

// ask has the runner do something to the server, and waits until it is done.
func (r *report) ask(what string) error {
	if r.stdin == nil {
		r.stdin = bufio.NewReader(os.Stdin)
	}
	fmt.Printf("@ask\t%s\n", what)
	answer, err := r.stdin.ReadString('\n')
	if err != nil {
		return fmt.Errorf("the runner is gone: %w", err)
	}
	if strings.TrimSpace(answer) != "done" {
		return fmt.Errorf("the runner answered %q", answer)
	}
	return nil
}

// account is who a client logs in as; the zero value does not log in.
type account struct{ user, password string }

func server() string { return os.Getenv("NACOS_SERVER") }

func clientParam(namespace string, who account) vo.NacosClientParam {
	var servers []constant.ServerConfig
	for _, one := range strings.Split(server(), ",") {
		host, port, _ := strings.Cut(one, ":")
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			fmt.Fprintln(os.Stderr, "NACOS_SERVER:", err)
			os.Exit(2)
		}
		servers = append(servers, constant.ServerConfig{IpAddr: host, Port: n, ContextPath: "/nacos", Scheme: "http"})
	}
	work := filepath.Join(os.Getenv("SDK_WORK"), strconv.FormatInt(time.Now().UnixNano(), 36))
	return vo.NacosClientParam{
		ClientConfig: &constant.ClientConfig{
			NamespaceId:          namespace,
			TimeoutMs:            5000,
			NotLoadCacheAtStart:  true,
			UpdateCacheWhenEmpty: true,
			DisableUseSnapShot:   true, // what was read once hides that a read fails
			LogDir:               filepath.Join(work, "log"),
			CacheDir:             filepath.Join(work, "cache"),
			LogLevel:             "info",
			Username:             who.user,
			Password:             who.password,
		},
		ServerConfigs: servers,
	}
}

func namingClient(namespace string, who account) (naming_client.INamingClient, error) {
	return clients.NewNamingClient(clientParam(namespace, who))
}

func configClient(namespace string, who account) (config_client.IConfigClient, error) {
	return clients.NewConfigClient(clientParam(namespace, who))
}

// answer is what the server said to a plain HTTP request.
type answer struct {
	status int
	body   string
}

// request asks without the SDK, for what the SDK cannot say.
func request(method, path string, params map[string]string, header map[string]string) (answer, error) {
	form := url.Values{}
	for k, v := range params {
		form.Set(k, v)
	}
	target := "http://" + server() + "/nacos" + path
	var body io.Reader
	if method == http.MethodPost || method == http.MethodPut {
		body = strings.NewReader(form.Encode())
	} else {
		target += "?" + form.Encode()
	}
	req, err := http.NewRequest(method, target, body)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(text)}, err
}

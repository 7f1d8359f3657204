package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

// application is a program that lives as long as its input: it registers,
// subscribes and listens, and says what it hears.
type application struct {
	name   string
	naming naming_client.INamingClient
	config config_client.IConfigClient

	mu sync.Mutex // held while a line is printed
}

// live runs an application. What it does stands in its arguments: register
// SERVICE:PORT, subscribe SERVICE, listen DATA_ID; and later in the lines of its
// input: these, and sick SERVICE:PORT and deregister SERVICE:PORT. What it hears
// and has done it prints as JSON, a line each.
func live(name string, steps []string) {
	a := &application{name: name}
	for _, s := range steps {
		a.do(s)
	}
	in := bufio.NewScanner(os.Stdin) // ends with the parent
	for in.Scan() {
		a.do(in.Text())
	}
}

func (a *application) say(v map[string]any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(v)
}

func (a *application) do(step string) {
	what, of, _ := strings.Cut(step, " ")
	if err := a.try(what, of); err != nil {
		fmt.Fprintln(os.Stderr, step, err)
		os.Exit(1)
	}
	a.say(map[string]any{"done": step})
}

func (a *application) try(what, of string) (err error) {
	p := clientParam("", account{})
	p.ClientConfig.AppName = a.name
	if what == "listen" && a.config == nil {
		a.config, err = clients.NewConfigClient(p)
	} else if what != "listen" && a.naming == nil {
		a.naming, err = clients.NewNamingClient(p)
	}
	if err != nil {
		return err
	}
	svc, text, _ := strings.Cut(of, ":")
	port, _ := strconv.ParseUint(text, 10, 16)
	switch what {
	case "register":
		return register(a.naming, instance(svc, port, nil))
	case "sick":
		_, err = a.naming.UpdateInstance(vo.UpdateInstanceParam{ServiceName: svc, Ip: address, Port: port, ClusterName: "DEFAULT", Weight: 1, Enable: true, Ephemeral: true})
		return err
	case "deregister":
		return deregister(a.naming, svc, port)
	case "subscribe":
		return a.naming.Subscribe(&vo.SubscribeParam{ServiceName: svc, SubscribeCallback: func(all []model.Instance, _ error) { a.tell(svc, all) }})
	case "listen":
		return a.config.ListenConfig(vo.ConfigParam{DataId: of, Group: "DEFAULT_GROUP", OnChange: func(_, _, _, content string) {
			a.say(map[string]any{"dataId": of, "content": content})
		}})
	default:
		return fmt.Errorf("there is no such step")
	}
}

// tell says who is in a service.
func (a *application) tell(svc string, all []model.Instance) {
	hosts := []map[string]any{}
	for _, one := range all {
		hosts = append(hosts, map[string]any{"port": one.Port, "weight": one.Weight, "enabled": one.Enable, "healthy": one.Healthy})
	}
	a.say(map[string]any{"service": svc, "hosts": hosts})
}

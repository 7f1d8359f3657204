package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"github.com/nacos-group/nacos-sdk-go/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/model"
	"github.com/nacos-group/nacos-sdk-go/vo"
)

const (
	service     = "sdk-naming"
	lostService = "sdk-lost"
	address     = "127.0.0.1"
	rounds      = 5

	pushLimit = 100 * time.Millisecond // from the write's answer to the listener
	waitLimit = 10 * time.Second       // for anything that is to come at once
	beatTime  = 60 * time.Second

	// A silent instance is unhealthy after 15 s and gone after 30 s, counted
	// from its last beat. That is up to 5 s before the kill, and the server
	// looks every 5 s at the most.
	unhealthyFrom, unhealthyTo = 9 * time.Second, 21 * time.Second
	lostFrom, lostTo           = 24 * time.Second, 36 * time.Second
)

// metadata is without % and +: this SDK puts beats and changes into the form
// without escaping them, so that no server can read these.
var metadata = map[string]string{"zone": "北京-1", "json": `{"a":[1,"&="]}`, "empty": ""}

func instance(svc string, port uint64, meta map[string]string) vo.RegisterInstanceParam {
	return vo.RegisterInstanceParam{
		ServiceName: svc, Ip: address, Port: port, ClusterName: "DEFAULT",
		Weight: 2.5, Enable: true, Healthy: true, Ephemeral: true, Metadata: meta,
	}
}

// seen is one list that a subscription was told.
type seen struct {
	at    time.Time
	hosts []model.SubscribeService
}

func (s seen) port(port uint64) *model.SubscribeService {
	for i := range s.hosts {
		if s.hosts[i].Port == port {
			return &s.hosts[i]
		}
	}
	return nil
}

// subscription collects what a listener is told.
type subscription struct {
	events chan seen
	last   seen
}

func subscribe(c naming_client.INamingClient, svc string) (*subscription, error) {
	s := &subscription{events: make(chan seen, 4096)}
	err := c.Subscribe(&vo.SubscribeParam{
		ServiceName: svc,
		SubscribeCallback: func(hosts []model.SubscribeService, _ error) { // the error says that the list is empty
			s.events <- seen{time.Now(), hosts}
		},
	})
	return s, err
}

// await returns the first list told from now on that fits.
func (s *subscription) await(limit time.Duration, fits func(seen) bool) (seen, error) {
	timeout := time.After(limit)
	for {
		select {
		case s.last = <-s.events:
			if fits(s.last) {
				return s.last, nil
			}
		case <-timeout:
			return seen{}, fmt.Errorf("not told within %v; last told %+v", limit, s.last.hosts)
		}
	}
}

// provide registers an instance and beats for it until it is killed.
func provide(svc, port string) {
	n, _ := strconv.ParseUint(port, 10, 16)
	c, err := namingClient("", account{})
	if err == nil {
		_, err = c.RegisterInstance(instance(svc, n, nil))
	}
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	fmt.Println("registered")
	_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent
}

func startProvider(svc string, port uint64) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "provider", svc, strconv.FormatUint(port, 10))
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return cmd, cmd.Start()
}

func naming(r *report) {
	c, err := namingClient("", account{})
	if err != nil {
		r.check("register", func() (string, error) { return "", err })
		return
	}
	const port = 9001
	r.check("register", func() (string, error) {
		ok, err := c.RegisterInstance(instance(service, port, metadata))
		if err == nil && !ok {
			err = errors.New("the SDK says false")
		}
		return "", err
	})
	minder := mind(port)
	lost := watchLost(c)
	r.check("list", func() (string, error) { return "", checkListed(port) })
	var sub *subscription
	r.check("subscribe", func() (string, error) {
		var err error
		if sub, err = subscribe(c, service); err != nil {
			return "", err
		}
		_, err = sub.await(waitLimit, func(s seen) bool { return s.port(port) != nil })
		return "", err
	})
	if sub == nil {
		return
	}
	toldOfWrites(r, c, sub)
	r.check("told: many at once", func() (string, error) { return toldOfMany(c, sub) })
	r.check("list services", func() (string, error) { return listServices(c) })
	r.check("namespace", func() (string, error) { return "", otherNamespace() })
	lost.checks(r, c)
	r.check("healthy for 60 s", minder.result)
	r.check("deregister", func() (string, error) {
		_, err := c.DeregisterInstance(vo.DeregisterInstanceParam{ServiceName: service, Ip: address, Port: port, Cluster: "DEFAULT", Ephemeral: true})
		if err != nil {
			return "", err
		}
		if _, err := sub.await(waitLimit, func(s seen) bool { return len(s.hosts) == 0 }); err != nil {
			return "", err
		}
		hosts, err := listed("", service)
		if err == nil && len(hosts) != 0 {
			err = fmt.Errorf("still listed: %+v", hosts)
		}
		return "", err
	})
}

// listed is what the server lists, asked without the SDK and its cache.
func listed(namespace, svc string) ([]model.Instance, error) {
	a, err := request("GET", "/v1/ns/instance/list", map[string]string{"serviceName": svc, "namespaceId": namespace}, nil)
	if err != nil {
		return nil, err
	}
	var s model.Service
	if err := json.Unmarshal([]byte(a.body), &s); err != nil {
		return nil, fmt.Errorf("%d %q: %w", a.status, a.body, err)
	}
	return s.Hosts, nil
}

func checkListed(port uint64) error {
	hosts, err := listed("", service)
	if err != nil {
		return err
	}
	if len(hosts) != 1 {
		return fmt.Errorf("listed: %+v", hosts)
	}
	h := hosts[0]
	if h.Ip != address || h.Port != port || h.ClusterName != "DEFAULT" || h.Weight != 2.5 || !h.Healthy || !h.Enable || !h.Ephemeral {
		return fmt.Errorf("listed otherwise than registered: %+v", h)
	}
	for k, v := range metadata {
		if got, ok := h.Metadata[k]; !ok || got != v {
			return fmt.Errorf("metadata %q is %q, registered %q", k, got, v)
		}
	}
	return nil
}

// toldOfWrites measures how long after a write's answer the listener knows.
func toldOfWrites(r *report, c naming_client.INamingClient, sub *subscription) {
	var fresh, changed, gone []time.Duration
	var failed error
	measure := func(times *[]time.Duration, write func() error, fits func(seen) bool) {
		if failed != nil {
			return
		}
		if failed = write(); failed != nil {
			return
		}
		answered := time.Now()
		told, err := sub.await(waitLimit, fits)
		failed = err
		*times = append(*times, max(0, told.at.Sub(answered)))
	}
	for i := range uint64(rounds) {
		port := 9010 + i
		measure(&fresh, func() error {
			_, err := c.RegisterInstance(instance(service, port, map[string]string{"v": "1"}))
			return err
		}, func(s seen) bool { return s.port(port) != nil })
		measure(&changed, func() error {
			_, err := c.UpdateInstance(vo.UpdateInstanceParam{
				ServiceName: service, Ip: address, Port: port, ClusterName: "DEFAULT",
				Weight: 7, Enable: true, Ephemeral: true, Metadata: map[string]string{"v": "2"},
			})
			return err
		}, func(s seen) bool { h := s.port(port); return h != nil && h.Metadata["v"] == "2" && h.Weight == 7 })
		measure(&gone, func() error {
			_, err := c.DeregisterInstance(vo.DeregisterInstanceParam{ServiceName: service, Ip: address, Port: port, Cluster: "DEFAULT", Ephemeral: true})
			return err
		}, func(s seen) bool { return s.port(port) == nil })
	}
	r.check("told: new", func() (string, error) { return judge(fresh, failed) })
	r.check("told: changed", func() (string, error) { return judge(changed, failed) })
	r.check("told: deregistered", func() (string, error) { return judge(gone, failed) })
}

// judge compares the median of the rounds with the limit: one slow round on a
// busy machine says nothing, and a poll of the SDK (10 s) would show in all.
func judge(times []time.Duration, failed error) (string, error) {
	if len(times) < rounds {
		return "", failed
	}
	sorted := slices.Sorted(slices.Values(times))
	text := fmt.Sprintf("%.1f ms after the write's answer (median of %d, slowest %.1f)",
		ms(sorted[len(sorted)/2]), len(sorted), ms(sorted[len(sorted)-1]))
	if sorted[len(sorted)/2] > pushLimit {
		return "", errors.New(text)
	}
	return text, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// toldOfMany makes the push datagram long enough to be compressed.
func toldOfMany(c naming_client.INamingClient, sub *subscription) (string, error) {
	const n = 12
	for i := range uint64(n) {
		if _, err := c.RegisterInstance(instance(service, 9100+i, metadata)); err != nil {
			return "", err
		}
	}
	answered := time.Now()
	told, err := sub.await(waitLimit, func(s seen) bool { return len(s.hosts) == n+1 })
	if err != nil {
		return "", err
	}
	for i := range uint64(n) {
		_, err := c.DeregisterInstance(vo.DeregisterInstanceParam{ServiceName: service, Ip: address, Port: 9100 + i, Cluster: "DEFAULT", Ephemeral: true})
		if err != nil {
			return "", err
		}
	}
	_, err = sub.await(waitLimit, func(s seen) bool { return len(s.hosts) == 1 })
	return fmt.Sprintf("%d instances, %.1f ms", n, ms(max(0, told.at.Sub(answered)))), err
}

func listServices(c naming_client.INamingClient) (string, error) {
	list, err := c.GetAllServicesInfo(vo.GetAllServiceInfoParam{PageNo: 1, PageSize: 100})
	if err != nil {
		return "", err
	}
	if list.Count != 2 || !slices.Contains(list.Doms, service) || !slices.Contains(list.Doms, lostService) {
		return "", fmt.Errorf("listed: %+v", list)
	}
	return "", nil
}

func otherNamespace() error {
	c, err := namingClient("sdk-space", account{})
	if err != nil {
		return err
	}
	if _, err := c.RegisterInstance(instance("sdk-spaced", 9200, nil)); err != nil {
		return err
	}
	found, err := c.SelectInstances(vo.SelectInstancesParam{ServiceName: "sdk-spaced", HealthyOnly: true})
	if err != nil || len(found) != 1 {
		return fmt.Errorf("in its namespace: %+v, %v", found, err)
	}
	public, err := listed("", "sdk-spaced")
	if err != nil || len(public) != 0 {
		return fmt.Errorf("in the public namespace: %+v, %v", public, err)
	}
	_, err = c.DeregisterInstance(vo.DeregisterInstanceParam{ServiceName: "sdk-spaced", Ip: address, Port: 9200, Cluster: "DEFAULT", Ephemeral: true})
	return err
}

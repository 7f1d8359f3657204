package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

const (
	service     = "sdk-naming"
	lostService = "sdk-lost"
	address     = "127.0.0.1"
	mine        = 9001 // the port of the listening client's instance
	rounds      = 5

	pushLimit   = 400 * time.Millisecond // from the write's answer to the listener; a push of Nacos takes 500
	waitLimit   = 15 * time.Second       // for anything that is to come at once
	outageLimit = 30 * time.Second       // for the SDK to come back after a restart
)

var metadata = map[string]string{"zone": "北京-1", "json": `{"a":[1,"&=+%"]}`, "empty": ""}

func instance(svc string, port uint64, meta map[string]string) vo.RegisterInstanceParam {
	return vo.RegisterInstanceParam{
		ServiceName: svc, Ip: address, Port: port, ClusterName: "DEFAULT",
		Weight: 2.5, Enable: true, Healthy: true, Ephemeral: true, Metadata: meta,
	}
}

type hosts []model.Instance

func (h hosts) port(port uint64) *model.Instance {
	for i := range h {
		if h[i].Port == port {
			return &h[i]
		}
	}
	return nil
}

// subscription collects what a listener is told.
type subscription struct {
	events chan hosts
	last   hosts
}

func subscribe(c naming_client.INamingClient, svc string) (*subscription, error) {
	s := &subscription{events: make(chan hosts, 4096)}
	return s, c.Subscribe(&vo.SubscribeParam{
		ServiceName:       svc,
		SubscribeCallback: func(all []model.Instance, _ error) { s.events <- all }, // the error says that the list is empty
	})
}

// await returns how long the first list that fits was in coming.
func (s *subscription) await(limit time.Duration, fits func(hosts) bool) (time.Duration, error) {
	began, timeout := time.Now(), time.After(limit)
	for {
		select {
		case s.last = <-s.events:
			if fits(s.last) {
				return time.Since(began), nil
			}
		case <-timeout:
			return 0, fmt.Errorf("not told within %v; last told %+v", limit, s.last)
		}
	}
}

func register(c naming_client.INamingClient, p vo.RegisterInstanceParam) error {
	ok, err := c.RegisterInstance(p)
	if err == nil && !ok {
		err = errors.New("the SDK says false")
	}
	return err
}

func deregister(c naming_client.INamingClient, svc string, port uint64) error {
	ok, err := c.DeregisterInstance(vo.DeregisterInstanceParam{ServiceName: svc, Ip: address, Port: port, Cluster: "DEFAULT", Ephemeral: true})
	if err == nil && !ok {
		err = errors.New("the SDK says false")
	}
	return err
}

// provide has an instance until it is killed.
func provide(svc, port string) {
	n, _ := strconv.ParseUint(port, 10, 16)
	c, err := namingClient("", account{})
	if err == nil {
		err = register(c, instance(svc, n, nil))
	}
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent
}

func naming(r *report) {
	c, err := namingClient("", account{})
	var other naming_client.INamingClient // has the other instances: there is one for each service and connection
	if err == nil {
		other, err = namingClient("", account{})
	}
	r.check("register", func() (string, error) {
		if err == nil {
			err = register(c, instance(service, mine, metadata))
		}
		return "", err
	})
	if err != nil {
		return
	}
	var sub *subscription
	r.check("subscribe", func() (string, error) {
		if sub, err = subscribe(c, service); err == nil {
			_, err = sub.await(waitLimit, func(h hosts) bool { return h.port(mine) != nil })
		}
		return "", err
	})
	if err != nil {
		return
	}
	r.check("list", func() (string, error) { return "", checkListed(c) })
	toldOfWrites(r, other, sub)
	r.check("told: many at once", func() (string, error) { return toldOfMany(other, sub) })
	r.check("told: process killed", func() (string, error) { return killed(c) })
	r.check("list services", func() (string, error) {
		list, err := c.GetAllServicesInfo(vo.GetAllServiceInfoParam{PageNo: 1, PageSize: 100})
		if err == nil && (list.Count != 2 || !slices.Contains(list.Doms, service) || !slices.Contains(list.Doms, lostService)) {
			err = fmt.Errorf("listed: %+v", list)
		}
		return "", err
	})
	r.check("namespace", func() (string, error) { return "", otherNamespace(c) })
	r.check("server restart", func() (string, error) { return "", restarted(r, other, sub) })
	r.check("deregister", func() (string, error) {
		if err := deregister(c, service, mine); err != nil {
			return "", err
		}
		_, err := sub.await(waitLimit, func(h hosts) bool { return len(h) == 0 })
		return "", err
	})
}

func checkListed(c naming_client.INamingClient) error {
	all, err := c.SelectAllInstances(vo.SelectAllInstancesParam{ServiceName: service})
	if err != nil || len(all) != 1 {
		return fmt.Errorf("listed: %+v, %w", all, err)
	}
	h := all[0]
	if h.Ip != address || h.Port != mine || h.ClusterName != "DEFAULT" || h.Weight != 2.5 || !h.Healthy || !h.Enable || !h.Ephemeral {
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
	measure := func(times *[]time.Duration, write func() error, fits func(hosts) bool) {
		if failed == nil {
			failed = write()
		}
		if failed == nil {
			var d time.Duration
			d, failed = sub.await(waitLimit, fits)
			*times = append(*times, d)
		}
	}
	for i := range uint64(rounds) {
		port := 9010 + i
		p := instance(service, port, map[string]string{"v": "1"})
		measure(&fresh, func() error { return register(c, p) }, func(h hosts) bool { return h.port(port) != nil })
		p.Metadata, p.Weight = map[string]string{"v": "2"}, 7
		measure(&changed, func() error { return register(c, p) }, func(h hosts) bool {
			x := h.port(port)
			return x != nil && x.Metadata["v"] == "2" && x.Weight == 7
		})
		measure(&gone, func() error { return deregister(c, service, port) }, func(h hosts) bool { return h.port(port) == nil })
	}
	r.check("told: new", func() (string, error) { return judge(fresh, failed) })
	r.check("told: changed", func() (string, error) { return judge(changed, failed) })
	r.check("told: deregistered", func() (string, error) { return judge(gone, failed) })
}

// judge compares the median of the rounds with the limit: one slow round on a
// busy machine says nothing.
func judge(times []time.Duration, failed error) (string, error) {
	if failed != nil || len(times) < rounds {
		return "", fmt.Errorf("%d rounds: %w", len(times), failed)
	}
	slices.Sort(times)
	text := fmt.Sprintf("%v after the write's answer (median of %d, slowest %v)", times[len(times)/2], len(times), times[len(times)-1])
	if times[len(times)/2] > pushLimit {
		return "", errors.New(text)
	}
	return text, nil
}

func toldOfMany(c naming_client.INamingClient, sub *subscription) (string, error) {
	const n = 12
	var all []vo.RegisterInstanceParam
	for i := range uint64(n) {
		all = append(all, instance(service, 9100+i, metadata))
	}
	if ok, err := c.BatchRegisterInstance(vo.BatchRegisterInstanceParam{ServiceName: service, Instances: all}); err != nil || !ok {
		return "", fmt.Errorf("batch: %v, %w", ok, err)
	}
	d, err := sub.await(waitLimit, func(h hosts) bool { return len(h) == n+1 })
	if err != nil {
		return "", err
	}
	if err := deregister(c, service, 9100); err != nil { // which is all that the connection has of the service
		return "", err
	}
	_, err = sub.await(waitLimit, func(h hosts) bool { return len(h) == 1 })
	return fmt.Sprintf("%d instances, %v", n, d), err
}

// killed looks for the instance of a process that is killed: it goes with its
// connection, at once.
func killed(c naming_client.INamingClient) (string, error) {
	const dead = 9302
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(self, "provider", lostService, strconv.Itoa(dead))
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	if err := register(c, instance(lostService, mine, nil)); err != nil {
		return "", err
	}
	sub, err := subscribe(c, lostService)
	if err != nil {
		return "", err
	}
	if _, err := sub.await(waitLimit, func(h hosts) bool { return h.port(dead) != nil }); err != nil {
		return "", err
	}
	if err := cmd.Process.Kill(); err != nil {
		return "", err
	}
	d, err := sub.await(waitLimit, func(h hosts) bool { return h.port(dead) == nil && h.port(mine) != nil })
	return fmt.Sprintf("%v after the kill", d), err
}

func otherNamespace(public naming_client.INamingClient) error {
	c, err := namingClient("sdk-space", account{})
	if err != nil {
		return err
	}
	if err := register(c, instance("sdk-spaced", 9200, nil)); err != nil {
		return err
	}
	found, err := c.SelectInstances(vo.SelectInstancesParam{ServiceName: "sdk-spaced", HealthyOnly: true})
	if err != nil || len(found) != 1 {
		return fmt.Errorf("in its namespace: %+v, %w", found, err)
	}
	if there, _ := public.SelectInstances(vo.SelectInstancesParam{ServiceName: "sdk-spaced", HealthyOnly: true}); len(there) != 0 {
		return fmt.Errorf("in the public namespace: %+v", there)
	}
	return deregister(c, "sdk-spaced", 9200)
}

// restarted waits until instances and subscriptions are there again after a
// restart of the server, which the application does nothing for.
func restarted(r *report, other naming_client.INamingClient, sub *subscription) error {
	const visitor = 9050
	if err := r.ask("restart"); err != nil {
		return err
	}
	err := register(other, instance(service, visitor, nil))
	for end := time.Now().Add(outageLimit); err != nil && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		err = register(other, instance(service, visitor, nil))
	}
	if err != nil {
		return err
	}
	if _, err := sub.await(outageLimit, func(h hosts) bool { return h.port(mine) != nil && h.port(visitor) != nil }); err != nil {
		return err
	}
	if err := deregister(other, service, visitor); err != nil {
		return err
	}
	_, err = sub.await(outageLimit, func(h hosts) bool { return h.port(mine) != nil && h.port(visitor) == nil })
	return err
}

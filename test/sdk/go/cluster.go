package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nacos-group/nacos-sdk-go/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/model"
	"github.com/nacos-group/nacos-sdk-go/vo"
)

const (
	clustered = "sdk-cluster"
	lossTime  = 8 * time.Second // of calls while a node is lost: more than it takes to be noticed
	backTime  = 3 * time.Second
	behind    = time.Second // a read from another node than the one written to may be this old
)

// survivor is an application that goes on while nodes are lost.
type survivor struct {
	r       *report
	naming  naming_client.INamingClient
	config  config_client.IConfigClient
	version int

	mu    sync.Mutex // guards the following field
	empty int        // lists without an instance that were told
}

func cluster(r *report) {
	s := &survivor{r: r}
	var err error
	r.check("register", func() (string, error) {
		if s.naming, err = namingClient("", account{}); err != nil {
			return "", err
		}
		for _, port := range []uint64{9001, 9002} {
			if _, err = s.naming.RegisterInstance(instance(clustered, port, nil)); err != nil {
				return "", err
			}
		}
		return "", s.listed(waitLimit)
	})
	if err != nil {
		return
	}
	err = s.naming.Subscribe(&vo.SubscribeParam{ServiceName: clustered, SubscribeCallback: func(hosts []model.SubscribeService, _ error) {
		if len(hosts) == 0 {
			s.mu.Lock()
			s.empty++
			s.mu.Unlock()
		}
	}})
	var l *listening
	r.check("publish", func() (string, error) {
		if err != nil {
			return "", err
		}
		if s.config, err = configClient("", account{}); err != nil {
			return "", err
		}
		if err = s.publish(); err == nil {
			l, err = listen(s.config, watched)
		}
		return "", err
	})
	if err != nil {
		return
	}
	for n := 1; n <= len(strings.Split(server(), ",")); n++ {
		r.check(fmt.Sprintf("node %d lost", n), func() (string, error) { return s.during("kill", n, lossTime) })
		r.check(fmt.Sprintf("node %d back", n), func() (string, error) { return s.during("start", n, backTime) })
	}
	r.check("listener told", func() (string, error) {
		if err := s.publish(); err != nil {
			return "", err
		}
		_, err := l.await(s.content(), time.Now(), afterOutage)
		return "", err
	})
	r.check("never an empty list", func() (string, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.empty > 0 {
			return "", fmt.Errorf("told of an empty list %d times", s.empty)
		}
		return "", nil
	})
	r.check("deregister", func() (string, error) {
		ok, err := s.naming.DeregisterInstance(vo.DeregisterInstanceParam{Ip: address, Port: 9002, Cluster: "DEFAULT", ServiceName: clustered, Ephemeral: true})
		if err == nil && !ok {
			err = errors.New("refused")
		}
		return "", err
	})
}

// during has something done to a node and works on for a time. No call may fail.
func (s *survivor) during(what string, node int, limit time.Duration) (string, error) {
	if err := s.r.ask(fmt.Sprintf("%s %d", what, node)); err != nil {
		return "", err
	}
	var slowest time.Duration
	calls := 0
	for end := time.Now().Add(limit); time.Now().Before(end); {
		for name, call := range map[string]func() error{"publish": s.publish, "list": func() error { return s.listed(0) }, "register": s.visit} {
			began := time.Now()
			if err := call(); err != nil {
				return "", fmt.Errorf("%s, %v after it, call %d: %w", name, time.Since(end.Add(-limit)).Round(time.Millisecond), calls, err)
			}
			slowest = max(slowest, time.Since(began))
			calls++
		}
		time.Sleep(200 * time.Millisecond)
	}
	return fmt.Sprintf("%d rounds of calls, the slowest %d ms", calls, slowest.Milliseconds()), nil
}

func (s *survivor) content() string { return "v: " + strconv.Itoa(s.version) }

// publish writes the next version, which any node has a moment later.
func (s *survivor) publish() error {
	s.version++
	ok, err := s.config.PublishConfig(vo.ConfigParam{DataId: watched, Group: group, Content: s.content()})
	if err != nil || !ok {
		return fmt.Errorf("%v, %w", ok, err)
	}
	for end := time.Now().Add(behind); ; time.Sleep(20 * time.Millisecond) {
		if err = reads(s.config, watched, s.content()); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// listed asks for the service, which must have both its instances.
func (s *survivor) listed(limit time.Duration) error {
	for end := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		hosts, err := s.naming.SelectInstances(vo.SelectInstancesParam{ServiceName: clustered, HealthyOnly: true})
		if err == nil && len(hosts) < 2 {
			err = fmt.Errorf("listed are %+v", hosts)
		}
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

// visit registers and deregisters an instance.
func (s *survivor) visit() error {
	if ok, err := s.naming.RegisterInstance(instance("sdk-visited", 9003, nil)); err != nil || !ok {
		return fmt.Errorf("%v, %w", ok, err)
	}
	ok, err := s.naming.DeregisterInstance(vo.DeregisterInstanceParam{Ip: address, Port: 9003, Cluster: "DEFAULT", ServiceName: "sdk-visited", Ephemeral: true})
	if err == nil && !ok {
		err = errors.New("not deregistered")
	}
	return err
}

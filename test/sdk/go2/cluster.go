package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nacos-group/nacos-sdk-go/v2/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

const (
	clustered = "sdk-cluster"
	lossTime  = 8 * time.Second // at least, while a node is lost
	backTime  = 3 * time.Second
)

// survivor is an application whose clients are each connected to one node, and
// which goes on when that one is lost.
type survivor struct {
	r      *report
	nodes  []string
	down   string // the node that is lost
	has    []naming_client.INamingClient
	config config_client.IConfigClient
	told   told

	version, failed int // failed calls, which were made again

	mu    sync.Mutex // guards the following field
	empty int        // lists without an instance that were told
}

func cluster(r *report) {
	s := &survivor{r: r, nodes: strings.Split(server(), ",")}
	var err error
	r.check("register", func() (string, error) {
		for i := range uint64(2) {
			var c naming_client.INamingClient
			if c, err = namingClient("", account{}); err == nil {
				err = register(c, instance(clustered, mine+i, nil))
			}
			if err != nil {
				return "", err
			}
			s.has = append(s.has, c)
		}
		if _, err = s.patiently(waitLimit, s.listed); err == nil {
			err = s.subscribe()
		}
		return "", err
	})
	if err != nil {
		return
	}
	r.check("publish", func() (string, error) {
		if s.config, err = configClient("", account{}); err != nil {
			return "", err
		}
		if err = s.publish(); err == nil {
			s.told, err = listen(s.config, watched)
		}
		return "", err
	})
	if err != nil {
		return
	}
	for n := range s.nodes {
		r.check(fmt.Sprintf("node %d lost", n+1), func() (string, error) { return s.during("kill", n, lossTime) })
		r.check(fmt.Sprintf("node %d back", n+1), func() (string, error) { return s.during("start", n, backTime) })
	}
	r.check("listener told", func() (string, error) {
		if err := s.publish(); err != nil {
			return "", err
		}
		return s.told.await(s.content(), toldLimit)
	})
	r.check("never an empty list", func() (string, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.empty > 0 {
			return "", fmt.Errorf("told of an empty list %d times", s.empty)
		}
		return "", nil
	})
	r.check("deregister", func() (string, error) { return "", deregister(s.has[1], clustered, mine+1) })
}

// subscribe has a client of its own told of the service.
func (s *survivor) subscribe() error {
	c, err := namingClient("", account{})
	if err != nil {
		return err
	}
	return c.Subscribe(&vo.SubscribeParam{ServiceName: clustered, SubscribeCallback: func(hosts []model.Instance, _ error) {
		if len(hosts) == 0 {
			s.mu.Lock()
			s.empty++
			s.mu.Unlock()
		}
	}})
}

// during has something done to a node and works on for a time at least: the nodes
// that are left list both instances, and a write is made and told of.
func (s *survivor) during(what string, node int, least time.Duration) (string, error) {
	if err := s.r.ask(fmt.Sprintf("%s %d", what, node+1)); err != nil {
		return "", err
	}
	s.down, s.failed = "", 0
	if what == "kill" {
		s.down = s.nodes[node]
	}
	began := time.Now()
	var slowest [3]time.Duration
	for again := true; again || time.Since(began) < least; again = false {
		for i, step := range []func() error{s.listed, s.publish, s.heard} {
			took, err := s.patiently(outageLimit, step)
			if err != nil {
				return "", fmt.Errorf("%s, %v after it: %w", []string{"list", "publish", "listener"}[i], time.Since(began).Round(time.Millisecond), err)
			}
			slowest[i] = max(slowest[i], took)
		}
		time.Sleep(200 * time.Millisecond)
	}
	return fmt.Sprintf("listed after %d ms, written after %d ms, told after %d ms, %d attempts more than one",
		slowest[0].Milliseconds(), slowest[1].Milliseconds(), slowest[2].Milliseconds(), s.failed), nil
}

// patiently calls f until it succeeds, and says how long that took.
func (s *survivor) patiently(limit time.Duration, f func() error) (time.Duration, error) {
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		err := f()
		if err == nil || errors.Is(err, errEmpty) || time.Since(began) > limit {
			return time.Since(began), err
		}
		s.failed++
	}
}

func (s *survivor) content() string { return "v: " + strconv.Itoa(s.version) }

func (s *survivor) publish() error {
	s.version++
	ok, err := s.config.PublishConfig(vo.ConfigParam{DataId: watched, Group: group, Content: s.content()})
	if err == nil && !ok {
		err = errors.New("the SDK says false")
	}
	return err
}

func (s *survivor) heard() error {
	_, err := s.told.await(s.content(), toldLimit)
	return err
}

var errEmpty = errors.New("an empty list")

// listed asks each node that is there for the service, which must have both
// instances, and never none.
func (s *survivor) listed() error {
	for _, node := range s.nodes {
		if node == s.down {
			continue
		}
		resp, err := (&http.Client{Timeout: 3 * time.Second}).Get("http://" + node + "/nacos/v1/ns/instance/list?healthyOnly=true&serviceName=" + clustered)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %d %.100q, %w", node, resp.StatusCode, body, err)
		}
		var list struct{ Hosts []struct{ Port int } }
		if err := json.Unmarshal(body, &list); err != nil {
			return err
		}
		switch len(list.Hosts) {
		case 2:
		case 0:
			if s.told != nil {
				return fmt.Errorf("%s: %w", node, errEmpty)
			}
			fallthrough
		default:
			return fmt.Errorf("%s lists %.200q", node, body)
		}
	}
	return nil
}

package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/nacos-group/nacos-sdk-go/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/model"
	"github.com/nacos-group/nacos-sdk-go/vo"
)

// lostWatch follows an instance whose process is killed, beside one that lives.
type lostWatch struct {
	sub    *subscription
	killed time.Time
	err    error
}

const (
	livePort = 9301
	deadPort = 9302
)

func watchLost(c naming_client.INamingClient) *lostWatch {
	w := &lostWatch{}
	provider, err := startProvider(lostService, deadPort)
	if err != nil {
		w.err = err
		return w
	}
	defer func() { _ = provider.Wait() }()
	defer func() {
		_ = provider.Process.Kill()
		w.killed = time.Now()
	}()
	if _, w.err = c.RegisterInstance(instance(lostService, livePort, nil)); w.err != nil {
		return w
	}
	if w.sub, w.err = subscribe(c, lostService); w.err != nil {
		return w
	}
	_, w.err = w.sub.await(waitLimit, func(s seen) bool {
		h := s.port(deadPort)
		return h != nil && h.Healthy
	})
	return w
}

func (w *lostWatch) checks(r *report, c naming_client.INamingClient) {
	within := func(from, to time.Duration, fits func(seen) bool) (string, error) {
		if w.err != nil {
			return "", w.err
		}
		told, err := w.sub.await(time.Until(w.killed.Add(to+5*time.Second)), fits)
		if err != nil {
			return "", err
		}
		after := told.at.Sub(w.killed)
		text := fmt.Sprintf("%.1f s after the kill", after.Seconds())
		if after < from || after > to {
			return "", fmt.Errorf("%s, not between %v and %v", text, from, to)
		}
		return text, nil
	}
	r.check("told: beats stopped, unhealthy", func() (string, error) {
		return within(unhealthyFrom, unhealthyTo, func(s seen) bool {
			h := s.port(deadPort)
			return h != nil && !h.Healthy
		})
	})
	r.check("select healthy", func() (string, error) {
		healthy, err := c.SelectInstances(vo.SelectInstancesParam{ServiceName: lostService, HealthyOnly: true})
		if err != nil || len(healthy) != 1 || healthy[0].Port != livePort {
			return "", fmt.Errorf("healthy: %+v, %v", healthy, err)
		}
		one, err := c.SelectOneHealthyInstance(vo.SelectOneHealthInstanceParam{ServiceName: lostService})
		if err != nil || one.Port != livePort {
			return "", fmt.Errorf("one healthy: %+v, %v", one, err)
		}
		return "", nil
	})
	r.check("told: beats stopped, lost", func() (string, error) {
		return within(lostFrom, lostTo, func(s seen) bool {
			return s.port(deadPort) == nil && s.port(livePort) != nil
		})
	})
}

// minder looks every second whether an instance is listed as healthy.
type minder struct {
	began time.Time
	ended chan error
	looks int
}

func mind(port uint64) *minder {
	m := &minder{began: time.Now(), ended: make(chan error, 1)}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for time.Since(m.began) < beatTime {
			<-tick.C
			hosts, err := listed("", service)
			if err != nil {
				m.ended <- err
				return
			}
			m.looks++
			if !slices.ContainsFunc(hosts, func(h model.Instance) bool { return h.Port == port && h.Healthy }) {
				m.ended <- fmt.Errorf("listed after %v: %+v", time.Since(m.began), hosts)
				return
			}
		}
		m.ended <- nil
	}()
	return m
}

func (m *minder) result() (string, error) {
	err := <-m.ended
	return fmt.Sprintf("%d looks in %.0f s", m.looks, time.Since(m.began).Seconds()), err
}

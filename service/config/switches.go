package config

import (
	"strconv"
	"strings"
	"time"
)

// switchDataID names the config, of any group and namespace, that sets the
// switches of the configuration centre.
const switchDataID = "com.alibaba.nacos.meta.switch"

// Switches are what an operator sets while the server runs.
type Switches struct {
	Delay         time.Duration // fixedDelayTime: how much earlier than it wants a long poll is answered
	MinTimeout    time.Duration // MIN_LONG_POOLING_TIMEOUT
	Fixed         bool          // isFixedPolling: polls wait a fixed time and nothing wakes them (1.x)
	FixedInterval time.Duration // fixedPollingInertval, spelled so
}

func defaultSwitches() *Switches {
	return &Switches{Delay: 500 * time.Millisecond, MinTimeout: 10 * time.Second, FixedInterval: 10 * time.Second}
}

// parseSwitches reads lines of key=value; what it does not know, or cannot
// read, stays as it was.
func parseSwitches(s string) *Switches {
	w := defaultSwitches()
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "fixedDelayTime":
			millis(value, &w.Delay)
		case "MIN_LONG_POOLING_TIMEOUT":
			millis(value, &w.MinTimeout)
		case "fixedPollingInertval":
			millis(value, &w.FixedInterval)
		case "isFixedPolling":
			w.Fixed = strings.EqualFold(value, "true")
		}
	}
	return w
}

// longest bounds a time that a switch may set.
const longest = time.Hour

func millis(s string, to *time.Duration) {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && time.Duration(n) <= longest/time.Millisecond {
		*to = time.Duration(n) * time.Millisecond
	}
}

// Switches are the ones in force.
func (s *Service) Switches() *Switches { return s.cache.switches.Load() }

// turn puts what now says in force, if that is new.
func (c *Cache) turn(was, now *Item) {
	switch {
	case was == now:
	case now == nil || now.Formal == nil:
		c.switches.Store(defaultSwitches())
	case was == nil || was.Formal != now.Formal:
		c.switches.Store(parseSwitches(string(now.Formal.Content)))
	}
}

// Wait is how long a poll hangs that asks for timeout.
func (w *Switches) Wait(timeout time.Duration) time.Duration {
	if w.Fixed {
		return max(10*time.Second, w.FixedInterval)
	}
	return min(max(w.MinTimeout, timeout-w.Delay), longest)
}

package main

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nacos-group/nacos-sdk-go/v2/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/v2/util"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

const (
	group   = "SDK_GROUP"
	watched = "sdk-watched.yaml"
	// toldLimit allows for what the SDK adds: it tells the server what it listens
	// to every 5 s, and reads one config five times a second at the most.
	toldLimit   = 10 * time.Second
	readLimit   = 3 * time.Second
	afterOutage = 30 * time.Second
	unicode     = "名称: 灯塔 — Ἀλεξάνδρεια\n絵文字: 🗼🚢\r\nsigns: a+b=c&d%20 \"<>\" \\ \t end"
)

// told are the contents that a config listener was told.
type told chan string

func listen(c config_client.IConfigClient, dataID string) (told, error) {
	l := make(told, 1024)
	return l, c.ListenConfig(vo.ConfigParam{DataId: dataID, Group: group, OnChange: func(_, _, _, content string) { l <- content }})
}

// await waits until the listener is told content, and says how long that took.
func (l told) await(content string, limit time.Duration) (string, error) {
	began, timeout, last := time.Now(), time.After(limit), "nothing"
	for {
		select {
		case got := <-l:
			if got == content {
				return fmt.Sprintf("%d ms", time.Since(began).Milliseconds()), nil
			}
			last = fmt.Sprintf("%d bytes %.40q", len(got), got)
		case <-timeout:
			return "", fmt.Errorf("not told within %v; last told: %s", limit, last)
		}
	}
}

// publish writes, and reads what it has written.
func publish(c config_client.IConfigClient, dataID, content string) error {
	ok, err := c.PublishConfig(vo.ConfigParam{DataId: dataID, Group: group, Content: content})
	if err != nil || !ok {
		return fmt.Errorf("publish: %v, %w", ok, err)
	}
	return reads(c, dataID, content)
}

// reads asks until the SDK lets a read pass; what is read must be right at once.
func reads(c config_client.IConfigClient, dataID, want string) error {
	for end := time.Now().Add(readLimit); ; time.Sleep(100 * time.Millisecond) {
		got, err := c.GetConfig(vo.ConfigParam{DataId: dataID, Group: group})
		if err != nil && strings.Contains(err.Error(), "limited") && time.Now().Before(end) {
			continue
		}
		if err != nil || got != want {
			return fmt.Errorf("read %d bytes %.60q, %w; published %d bytes", len(got), got, err, len(want))
		}
		return nil
	}
}

func config(r *report) {
	c, err := configClient("", account{})
	if err != nil {
		r.check("publish", func() (string, error) { return "", err })
		return
	}
	r.check("publish", func() (string, error) { return "", publish(c, "sdk-plain.properties", "a=1\nb=2\n") })
	r.check("get: absent", func() (string, error) { return "", reads(c, "sdk-absent", "") })
	r.check("cas", func() (string, error) { return "", cas(c) })
	r.check("namespace", func() (string, error) { return configNamespace(c) })
	var l told
	write := func(content string, limit time.Duration) (string, error) {
		if err := publish(c, watched, content); err != nil {
			return "", err
		}
		return l.await(content, limit)
	}
	r.check("told: changed", func() (string, error) {
		err := publish(c, watched, "v: 0")
		if err == nil {
			l, err = listen(c, watched)
		}
		var all []string
		for i := 1; i <= 5 && err == nil; i++ {
			var text string
			text, err = write(fmt.Sprintf("v: %d", i), toldLimit)
			all = append(all, text)
		}
		return strings.Join(all, ", "), err
	})
	r.check("unicode", func() (string, error) { return write(unicode, toldLimit) })
	r.check("100 KB", func() (string, error) { return write(large(), toldLimit) })
	r.check("beta", func() (string, error) { return beta(c, l) })
	r.check("remove", func() (string, error) {
		if ok, err := c.DeleteConfig(vo.ConfigParam{DataId: watched, Group: group}); err != nil || !ok {
			return "", fmt.Errorf("remove: %v, %w", ok, err)
		}
		if err := reads(c, watched, ""); err != nil {
			return "", err
		}
		return l.await("", toldLimit)
	})
	r.check("server restart", func() (string, error) {
		if _, err := write("before: the restart", toldLimit); err != nil {
			return "", err
		}
		if err := r.ask("restart"); err != nil {
			return "", err
		}
		began := time.Now()
		for end := began.Add(afterOutage); ; time.Sleep(100 * time.Millisecond) { // until the SDK has found the server again
			err := reads(c, watched, "before: the restart")
			if err == nil {
				break
			}
			if time.Now().After(end) {
				return "", err
			}
		}
		back := time.Since(began)
		first, err := write("after: the restart", afterOutage)
		if err != nil {
			return "", err
		}
		second, err := write("after: again", toldLimit)
		return fmt.Sprintf("connected after %d ms, told after %s, then %s", back.Milliseconds(), first, second), err
	})
}

// large is 100 KB of UTF-8 that no shortcut gets right.
func large() string {
	var b strings.Builder
	for i := 0; b.Len() < 100<<10; i++ {
		fmt.Fprintf(&b, "key.%05d = värde %d & 100%% 数\n", i, i*7919)
	}
	return b.String()
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func cas(c config_client.IConfigClient) error {
	const id = "sdk-cas"
	if err := publish(c, id, "one"); err != nil {
		return err
	}
	p := vo.ConfigParam{DataId: id, Group: group, Content: "two", CasMd5: md5Hex("another")}
	if ok, err := c.PublishConfig(p); ok || err == nil {
		return errors.New("a publish against another md5 was taken")
	}
	if err := reads(c, id, "one"); err != nil {
		return err
	}
	p.CasMd5 = md5Hex("one")
	if ok, err := c.PublishConfig(p); !ok || err != nil {
		return fmt.Errorf("a publish against the right md5: %v, %w", ok, err)
	}
	return reads(c, id, "two")
}

func configNamespace(public config_client.IConfigClient) (string, error) {
	const id = "sdk-spaced"
	c, err := configClient("sdk-space", account{})
	if err != nil {
		return "", err
	}
	if err := errors.Join(publish(public, id, "public"), publish(c, id, "spaced")); err != nil {
		return "", err
	}
	l, err := listen(c, id)
	if err != nil {
		return "", err
	}
	if err := publish(c, id, "spaced, changed"); err != nil {
		return "", err
	}
	text, err := l.await("spaced, changed", toldLimit)
	return text, errors.Join(err, reads(public, id, "public"))
}

// beta publishes for one address and looks from it and from another.
func beta(c config_client.IConfigClient, l told) (string, error) {
	const formal, gray = "beta: formal", "beta: gray"
	send := func(content, ips string) error {
		ok, err := c.PublishConfig(vo.ConfigParam{DataId: watched, Group: group, Content: content, BetaIps: ips})
		if err != nil || !ok {
			return fmt.Errorf("beta publish: %v, %w", ok, err)
		}
		return nil
	}
	from := func(ip, want string) error {
		a, err := request("GET", "/v1/cs/configs", map[string]string{"dataId": watched, "group": group}, map[string]string{"X-Forwarded-For": ip})
		if err != nil || a.status != 200 || a.body != want {
			return fmt.Errorf("read from %s: %d %q, %w; want %q", ip, a.status, a.body, err, want)
		}
		return nil
	}
	if err := publish(c, watched, formal); err != nil {
		return "", err
	}
	if _, err := l.await(formal, toldLimit); err != nil {
		return "", err
	}
	if err := errors.Join(send("beta: of another", "10.9.9.9"), reads(c, watched, formal), from("10.9.9.9", "beta: of another")); err != nil {
		return "", err
	}
	if err := send(gray, util.LocalIP()+",10.9.9.8"); err != nil {
		return "", err
	}
	text, err := l.await(gray, toldLimit)
	if err := errors.Join(err, reads(c, watched, gray), from("10.9.9.8", gray), from("10.9.9.9", formal)); err != nil {
		return "", err
	}
	stop := map[string]string{"dataId": watched, "group": group, "beta": "true"}
	if a, err := request("DELETE", "/v1/cs/configs", stop, nil); err != nil || a.status != 200 {
		return "", fmt.Errorf("stop beta: %d %q, %w", a.status, a.body, err)
	}
	_, err = l.await(formal, toldLimit)
	return text, errors.Join(err, reads(c, watched, formal), from("10.9.9.8", formal))
}

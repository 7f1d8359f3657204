package main

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nacos-group/nacos-sdk-go/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/vo"
)

const (
	group       = "SDK_GROUP"
	watched     = "sdk-watched.yaml"
	toldLimit   = time.Second
	afterOutage = 15 * time.Second // the SDK waits 5 s after a failed poll
	unicode     = "名称: 灯塔 — Ἀλεξάνδρεια\n絵文字: 🗼🚢\r\nsigns: a+b=c&d%20 \"<>\" \\ \t end"
)

// listening collects what a config listener is told.
type listening struct {
	events chan told
}

type told struct {
	at      time.Time
	content string
}

func listen(c config_client.IConfigClient, dataID string) (*listening, error) {
	l := &listening{events: make(chan told, 1024)}
	err := c.ListenConfig(vo.ConfigParam{DataId: dataID, Group: group, OnChange: func(_, _, _, content string) {
		l.events <- told{time.Now(), content}
	}})
	return l, err
}

// await waits until the listener is told content, and says how long after the
// write's answer that was.
func (l *listening) await(content string, answered time.Time, limit time.Duration) (time.Duration, error) {
	timeout := time.After(limit)
	last := "nothing"
	for {
		select {
		case t := <-l.events:
			if t.content == content {
				return max(0, t.at.Sub(answered)), nil
			}
			last = fmt.Sprintf("%d bytes %.40q", len(t.content), t.content)
		case <-timeout:
			return 0, fmt.Errorf("not told within %v; last told: %s", limit, last)
		}
	}
}

// publish writes and checks that the content is readable at once.
func publish(c config_client.IConfigClient, dataID, content string) error {
	ok, err := c.PublishConfig(vo.ConfigParam{DataId: dataID, Group: group, Content: content})
	if err != nil || !ok {
		return fmt.Errorf("publish: %v, %v", ok, err)
	}
	return reads(c, dataID, content)
}

func reads(c config_client.IConfigClient, dataID, want string) error {
	got, err := c.GetConfig(vo.ConfigParam{DataId: dataID, Group: group})
	if err != nil || got != want {
		return fmt.Errorf("read %d bytes %.60q, %v; published %d bytes", len(got), got, err, len(want))
	}
	return nil
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
	r.check("namespace", func() (string, error) { return "", configNamespace(c) })
	if err := publish(c, watched, "v: 0"); err != nil {
		r.check("told: changed", func() (string, error) { return "", err })
		return
	}
	l, err := listen(c, watched)
	if err != nil {
		r.check("told: changed", func() (string, error) { return "", err })
		return
	}
	write := func(content string, limit time.Duration) (string, error) {
		if err := publish(c, watched, content); err != nil {
			return "", err
		}
		d, err := l.await(content, time.Now(), limit)
		return fmt.Sprintf("%.0f ms", ms(d)), err
	}
	r.check("told: changed", func() (string, error) {
		var all []string
		for i := 1; i <= 5; i++ {
			text, err := write(fmt.Sprintf("v: %d", i), toldLimit)
			if err != nil {
				return "", err
			}
			all = append(all, text)
		}
		return strings.Join(all, ", "), nil
	})
	r.check("unicode", func() (string, error) { return write(unicode, toldLimit) })
	r.check("100 KB", func() (string, error) { return write(large(), toldLimit) })
	r.check("beta", func() (string, error) { return beta(c, l) })
	r.check("remove", func() (string, error) {
		if ok, err := c.DeleteConfig(vo.ConfigParam{DataId: watched, Group: group}); err != nil || !ok {
			return "", fmt.Errorf("remove: %v, %v", ok, err)
		}
		answered := time.Now()
		if err := reads(c, watched, ""); err != nil {
			return "", err
		}
		d, err := l.await("", answered, toldLimit)
		return fmt.Sprintf("told after %.0f ms", ms(d)), err
	})
	r.check("server restart", func() (string, error) {
		if _, err := write("before: the restart", toldLimit); err != nil {
			return "", err
		}
		if err := r.ask("restart"); err != nil {
			return "", err
		}
		if err := reads(c, watched, "before: the restart"); err != nil {
			return "", err
		}
		first, err := write("after: the restart", afterOutage)
		if err != nil {
			return "", err
		}
		second, err := write("after: again", toldLimit)
		return "told after " + first + ", then " + second, err
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

// cas is said by plain HTTP: the SDK has no words for it.
func cas(c config_client.IConfigClient) error {
	const id = "sdk-cas"
	if err := publish(c, id, "one"); err != nil {
		return err
	}
	params := map[string]string{"dataId": id, "group": group, "content": "two"}
	a, err := request("POST", "/v1/cs/configs", params, map[string]string{"casMd5": md5Hex("another")})
	if err != nil {
		return err
	}
	if a.status == 200 && strings.TrimSpace(a.body) == "true" {
		return errors.New("a publish against another md5 was taken")
	}
	if err := reads(c, id, "one"); err != nil {
		return err
	}
	a, err = request("POST", "/v1/cs/configs", params, map[string]string{"casMd5": md5Hex("one")})
	if err != nil || a.status != 200 || a.body != "true" {
		return fmt.Errorf("a publish against the right md5: %d %q, %v", a.status, a.body, err)
	}
	return reads(c, id, "two")
}

func configNamespace(public config_client.IConfigClient) error {
	const id = "sdk-spaced"
	c, err := configClient("sdk-space", account{})
	if err != nil {
		return err
	}
	if err := publish(public, id, "public"); err != nil {
		return err
	}
	if err := publish(c, id, "spaced"); err != nil {
		return err
	}
	l, err := listen(c, id)
	if err != nil {
		return err
	}
	if err := publish(c, id, "spaced, changed"); err != nil {
		return err
	}
	if _, err := l.await("spaced, changed", time.Now(), toldLimit); err != nil {
		return err
	}
	return reads(public, id, "public")
}

// beta publishes for one address and looks from it and from another.
func beta(c config_client.IConfigClient, l *listening) (string, error) {
	const formal, gray = "beta: formal", "beta: gray"
	params := map[string]string{"dataId": watched, "group": group}
	send := func(content, ips string) (time.Time, error) {
		p := map[string]string{"dataId": watched, "group": group, "content": content}
		a, err := request("POST", "/v1/cs/configs", p, map[string]string{"betaIps": ips})
		if err != nil || a.status != 200 || a.body != "true" {
			return time.Time{}, fmt.Errorf("beta publish: %d %q, %v", a.status, a.body, err)
		}
		return time.Now(), nil
	}
	from := func(ip, want string) error {
		a, err := request("GET", "/v1/cs/configs", params, map[string]string{"X-Forwarded-For": ip})
		if err != nil || a.status != 200 || a.body != want {
			return fmt.Errorf("read from %s: %d %q, %v; want %q", ip, a.status, a.body, err, want)
		}
		return nil
	}
	if err := publish(c, watched, formal); err != nil {
		return "", err
	}
	if _, err := l.await(formal, time.Now(), toldLimit); err != nil {
		return "", err
	}
	if _, err := send("beta: of another", "10.9.9.9"); err != nil { // not for this client
		return "", err
	}
	if err := errors.Join(reads(c, watched, formal), from("10.9.9.9", "beta: of another")); err != nil {
		return "", err
	}
	answered, err := send(gray, address+",10.9.9.8")
	if err != nil {
		return "", err
	}
	d, err := l.await(gray, answered, toldLimit)
	if err != nil {
		return "", err
	}
	if err := errors.Join(reads(c, watched, gray), from("10.9.9.8", gray), from("10.9.9.9", formal)); err != nil {
		return "", err
	}
	stop := map[string]string{"dataId": watched, "group": group, "beta": "true"}
	if a, err := request("DELETE", "/v1/cs/configs", stop, nil); err != nil || a.status != 200 {
		return "", fmt.Errorf("stop beta: %d %q, %v", a.status, a.body, err)
	}
	if _, err := l.await(formal, time.Now(), toldLimit); err != nil {
		return "", err
	}
	return fmt.Sprintf("told after %.0f ms", ms(d)), errors.Join(reads(c, watched, formal), from("10.9.9.8", formal))
}

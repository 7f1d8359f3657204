package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

// credentials are in the environment as "user:password".
func credentials(name string) account {
	user, password, _ := strings.Cut(os.Getenv(name), ":")
	return account{user, password}
}

// use does with one account what an application does.
type use struct {
	read, write, list, register error
}

// errUnsaid is a refusal of which the SDK says no more than that nothing was done.
var errUnsaid = errors.New("nothing was done")

func try(who account) (use, error) {
	c, err := configClient("", who)
	if err != nil {
		return use{}, err
	}
	n, err := namingClient("", who)
	if err != nil {
		return use{}, err
	}
	var u use
	u.read = reads(c, "sdk-secret", "open sesame")
	_, u.write = c.PublishConfig(vo.ConfigParam{DataId: "sdk-by-" + who.user, Group: group, Content: "x"})
	p := instance("sdk-by-"+who.user, 9400, nil)
	ok, err := n.RegisterInstance(p)
	if u.register = err; err == nil && !ok {
		u.register = errUnsaid
	}
	list, err := n.GetAllServicesInfo(vo.GetAllServiceInfoParam{PageNo: 1, PageSize: 10})
	if u.list = err; err == nil && list.Count == 0 { // the first account has registered a service
		u.list = errUnsaid
	}
	return u, nil
}

// refusals are what the server says to those who may not. The SDK tells no code.
var refusals = []string{"user not found", "authorization failed", "403", errUnsaid.Error()}

// expect says which of the four must work.
func expect(who account, read, write bool) error {
	u, err := try(who)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		what string
		err  error
		want bool
	}{
		{"config read", u.read, read},
		{"config publish", u.write, write},
		{"service list", u.list, read},
		{"instance register", u.register, write},
	} {
		if (c.err == nil) != c.want {
			return fmt.Errorf("%s: allowed %v, want %v (%v)", c.what, c.err == nil, c.want, c.err)
		}
		if c.err != nil && !slices.ContainsFunc(refusals, func(text string) bool { return strings.Contains(c.err.Error(), text) }) {
			return fmt.Errorf("%s is refused otherwise than for want of a permission: %w", c.what, c.err)
		}
	}
	return nil
}

func authorization(r *report) {
	writer, reader, nobody := credentials("AUTH_WRITER"), credentials("AUTH_READER"), credentials("AUTH_NOBODY")
	wrong := credentials("AUTH_WRONG")
	ttl, err := strconv.Atoi(os.Getenv("AUTH_TOKEN_SECONDS"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "AUTH_TOKEN_SECONDS:", err)
		os.Exit(2)
	}
	life := time.Duration(ttl) * time.Second
	r.check("right password", func() (string, error) { return "", expect(writer, true, true) })
	longer := keepWriting(writer, life*5/2)
	token := watchToken(writer, life)
	r.check("wrong password", func() (string, error) { return "", expect(wrong, false, false) })
	r.check("no password", func() (string, error) { return "", expect(account{}, false, false) })
	r.check("read permission only", func() (string, error) { return "", expect(reader, true, false) })
	r.check("no permission", func() (string, error) { return "", expect(nobody, false, false) })
	r.check("token expires", token)
	r.check("login again while running", longer)
}

// watchToken uses one token until it is refused.
func watchToken(who account, life time.Duration) func() (string, error) {
	type end struct {
		text string
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		text, err := tokenEnds(who, life)
		ended <- end{text, err}
	}()
	return func() (string, error) { e := <-ended; return e.text, e.err }
}

func tokenEnds(who account, life time.Duration) (string, error) {
	asked := time.Now()
	a, err := request("POST", "/v1/auth/users/login", map[string]string{"username": who.user, "password": who.password}, nil)
	if err != nil {
		return "", err
	}
	answered := time.Now() // the life began between these two
	var login struct {
		AccessToken string  `json:"accessToken"`
		TokenTTL    float64 `json:"tokenTtl"`
	}
	if err := json.Unmarshal([]byte(a.body), &login); err != nil || a.status != 200 {
		return "", fmt.Errorf("login: %d %q, %v", a.status, a.body, err)
	}
	if login.TokenTTL < life.Seconds()-1 || login.TokenTTL > life.Seconds() {
		return "", fmt.Errorf("tokenTtl is %v, set are %v", login.TokenTTL, life)
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		a, err := request("GET", "/v1/cs/configs", map[string]string{"dataId": "sdk-secret", "group": group, "accessToken": login.AccessToken}, nil)
		if err != nil {
			return "", err
		}
		most, least := time.Since(asked), time.Since(answered)
		switch {
		case a.status == 200 && least > life+2*time.Second:
			return "", fmt.Errorf("still taken after %v", least)
		case a.status == 200:
			<-tick.C
		case a.status == 403 && most >= life:
			return fmt.Sprintf("refused with 403 after %.1f s of %v", least.Seconds(), life), nil
		default:
			return "", fmt.Errorf("after %v: %d %q", most, a.status, a.body)
		}
	}
}

// keepWriting publishes for longer than a token lives: the SDK must have
// logged in again by itself.
func keepWriting(who account, period time.Duration) func() (string, error) {
	type end struct {
		n   int
		err error
	}
	ended := make(chan end, 1)
	go func() {
		c, err := configClient("", who)
		if err != nil {
			ended <- end{0, err}
			return
		}
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		began, n := time.Now(), 0
		for ; time.Since(began) < period; n++ {
			if err := publish(c, "sdk-long", strconv.Itoa(n)); err != nil {
				ended <- end{n, fmt.Errorf("after %v: %w", time.Since(began), err)}
				return
			}
			<-tick.C
		}
		ended <- end{n, nil}
	}()
	return func() (string, error) {
		e := <-ended
		if e.err == nil && e.n < 10 {
			e.err = errors.New("too few writes to tell")
		}
		return fmt.Sprintf("%d writes in %v", e.n, period), e.err
	}
}

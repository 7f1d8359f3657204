package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// ask calls our console's API and reads the data of the answer.
func (g guarded) ask(t *testing.T, method, path string, form url.Values, data any) (status int, key string) {
	t.Helper()
	w := g.call(method, ext+path+"?"+form.Encode(), own())
	var e struct {
		Data  json.RawMessage `json:"data"`
		Error struct {
			Key string `json:"key"`
		} `json:"error"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	if data != nil {
		if err := json.Unmarshal(e.Data, data); err != nil {
			t.Fatalf("%s %s: %d %s: %v", method, path, w.Code, w.Body, err)
		}
	}
	return w.Code, e.Error.Key
}

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func configForm(more ...string) url.Values {
	return form(append([]string{"groupName", "G", "dataId", "a.yaml", "namespaceId", "public"}, more...)...)
}

type overtaken struct {
	Current struct {
		Exists       bool
		MD5, Content string
	}
}

// TestPublishExpecting is compare-and-set: nobody overwrites what he has not
// seen, and whoever was slower is given what he needs to merge.
func TestPublishExpecting(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	var first, second struct{ MD5, ID, Version string }
	if status, _ := g.ask(t, http.MethodPost, "/config/publish", configForm("content", "a: 1", "expect", "absent", "type", "yaml", "tags", "x,y", "desc", "why"), &first); status != 200 || first.MD5 == "" || first.Version == "" {
		t.Fatalf("%d %+v", status, first)
	}
	var lost overtaken
	for what, expect := range map[string]string{"absent": "absent", "another digest": strings.Repeat("0", 32)} {
		status, key := g.ask(t, http.MethodPost, "/config/publish", configForm("content", "a: 2", "expect", expect), &lost)
		if status != http.StatusConflict || key != "conflict" || lost.Current.Content != "a: 1" || lost.Current.MD5 != first.MD5 {
			t.Errorf("%s: %d %s %+v", what, status, key, lost)
		}
	}
	if status, _ := g.ask(t, http.MethodPost, "/config/publish", configForm("content", "a: 2", "expect", first.MD5), &second); status != 200 || second.Version == first.Version {
		t.Fatalf("%d %+v", status, second)
	}
	var one struct{ Content, Type, Desc, ConfigTags, Version string }
	if g.ask(t, http.MethodGet, "/config", configForm(), &one); one.Content != "a: 2" || one.Type != "yaml" || one.Desc != "why" || one.ConfigTags != "x,y" {
		t.Errorf("what was not given is lost: %+v", one)
	}
	if status, key := g.ask(t, http.MethodPost, "/config/publish", configForm("content", "a: 3"), nil); status != 400 || key != "missing" {
		t.Errorf("without expect: %d %s", status, key)
	}
	if status, key := g.ask(t, http.MethodDelete, "/config", configForm("expect", first.MD5), &lost); status != http.StatusConflict || key != "conflict" {
		t.Errorf("a removal of what is no longer there: %d %s", status, key)
	}
	if status, _ := g.ask(t, http.MethodDelete, "/config", configForm("expect", second.MD5), nil); status != 200 {
		t.Errorf("removal: %d", status)
	}
	lost = overtaken{}
	if status, _ := g.ask(t, http.MethodPost, "/config/publish", configForm("content", "a: 4", "expect", second.MD5), &lost); status != http.StatusConflict || lost.Current.Exists {
		t.Errorf("a publish over a removal: %d %+v", status, lost)
	}
}

type versionRow struct {
	NID, Kind, MD5, PreviousMD5, Version string
	Current                              bool
}

// TestVersions is what was published when, and how it comes back.
func TestVersions(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	md5s := []string{}
	for i := range 4 {
		var p struct{ MD5 string }
		expect := "absent"
		if i > 0 {
			expect = md5s[i-1]
		}
		if status, _ := g.ask(t, http.MethodPost, "/config/publish", configForm("content", fmt.Sprint("v: ", i), "expect", expect), &p); status != 200 {
			t.Fatal(status)
		}
		md5s = append(md5s, p.MD5)
	}
	var page struct{ PageItems []versionRow }
	for size := 1; size <= 5; size++ {
		var all []versionRow
		for no := 1; len(all) < 4; no++ {
			g.ask(t, http.MethodGet, "/config/versions", configForm("pageNo", strconv.Itoa(no), "pageSize", strconv.Itoa(size)), &page)
			if len(page.PageItems) == 0 {
				t.Fatalf("%d of 4 versions in pages of %d", len(all), size)
			}
			all = append(all, page.PageItems...)
		}
		for i, v := range all {
			n := 3 - i
			previous := ""
			if n > 0 {
				previous = md5s[n-1]
			}
			if v.MD5 != md5s[n] || v.PreviousMD5 != previous || v.Current != (n == 3) {
				t.Errorf("pages of %d: version %d is %+v, want %s after %q", size, n, v, md5s[n], previous)
			}
		}
		page.PageItems = nil
		if size < 5 {
			continue
		}
		for i, v := range all {
			var one struct {
				Content  string
				Previous *string
			}
			g.ask(t, http.MethodGet, "/config/version", configForm("nid", v.NID), &one)
			if want := fmt.Sprint("v: ", 3-i); one.Content != want {
				t.Errorf("the content of version %d is %q", 3-i, one.Content)
			}
		}
		var back struct{ MD5 string }
		if status, key := g.ask(t, http.MethodPost, "/config/restore", configForm("nid", all[2].NID, "expect", md5s[2]), nil); status != http.StatusConflict {
			t.Errorf("restored over what was not seen: %d %s", status, key)
		}
		if status, _ := g.ask(t, http.MethodPost, "/config/restore", configForm("nid", all[2].NID, "expect", md5s[3]), &back); status != 200 || back.MD5 != md5s[1] {
			t.Errorf("restored %d %+v, want %s", status, back, md5s[1])
		}
	}
}

// TestRecycle brings back what was removed.
func TestRecycle(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	g.ask(t, http.MethodPost, "/config/publish", configForm("content", "a: 1", "expect", "absent"), nil)
	g.ask(t, http.MethodDelete, "/config", configForm("expect", "any"), nil)
	var bin, all struct{ Items []versionRow }
	if g.ask(t, http.MethodGet, "/recycle", form("namespaceId", "public"), &bin); len(bin.Items) != 1 || bin.Items[0].Kind != "remove" {
		t.Fatalf("%+v", bin)
	}
	if status, _ := g.ask(t, http.MethodPost, "/config/restore", configForm("nid", bin.Items[0].NID, "expect", "absent"), nil); status != 200 {
		t.Fatal(status)
	}
	if g.ask(t, http.MethodGet, "/recycle", form(), &bin); len(bin.Items) != 0 {
		t.Errorf("what is there again lies in the bin: %+v", bin)
	}
	if g.ask(t, http.MethodGet, "/releases", form(), &all); len(all.Items) != 3 {
		t.Errorf("%+v", all)
	}
}

func TestGrayPromote(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	var formal, gray struct{ MD5 string }
	g.ask(t, http.MethodPost, "/config/publish", configForm("content", "a: 1", "expect", "absent"), &formal)
	if status, _ := g.ask(t, http.MethodPost, "/config/publish", configForm("content", "a: 2", "expect", "absent", "betaIps", "192.0.2.1"), &gray); status != 200 || gray.MD5 == formal.MD5 {
		t.Fatalf("%d %+v", status, gray)
	}
	var one struct {
		MD5  string
		Gray []struct {
			Name, MD5, Content string
			Addresses          []string
		}
	}
	if g.ask(t, http.MethodGet, "/config", configForm(), &one); one.MD5 != formal.MD5 || len(one.Gray) != 1 || one.Gray[0].Content != "a: 2" || one.Gray[0].Addresses[0] != "192.0.2.1" {
		t.Errorf("%+v", one)
	}
	if status, _ := g.ask(t, http.MethodPost, "/config/gray/promote", configForm("name", "beta", "expect", formal.MD5, "expectGray", "other"), nil); status != http.StatusConflict {
		t.Errorf("a gray copy that was not seen: %d", status)
	}
	if status, _ := g.ask(t, http.MethodPost, "/config/gray/promote", configForm("name", "beta", "expect", formal.MD5, "expectGray", gray.MD5), nil); status != 200 {
		t.Errorf("%d", status)
	}
	one.Gray = nil
	if g.ask(t, http.MethodGet, "/config", configForm(), &one); one.MD5 != gray.MD5 || len(one.Gray) != 0 {
		t.Errorf("%+v", one)
	}
}

// TestConfigsTable is the table of configs: filters, orders, facets, pages.
func TestConfigsTable(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	for i := range 30 {
		f := form("groupName", fmt.Sprint("G", i%3), "dataId", fmt.Sprintf("c%02d.yaml", i), "content", strings.Repeat("x", i+1)+"needle"+strconv.Itoa(i%2), "expect", "absent",
			"type", []string{"yaml", "json"}[i%2], "appName", fmt.Sprint("app", i%5), "tags", fmt.Sprint("t", i%4))
		if status, _ := g.ask(t, http.MethodPost, "/config/publish", f, nil); status != 200 {
			t.Fatal(status)
		}
	}
	type page struct {
		TotalCount int
		PageItems  []struct {
			DataID string
			Size   int
			May    string
		}
		Facets map[string][]struct {
			Value string
			Count int
		}
	}
	for query, want := range map[string]struct {
		total int
		first string
	}{
		"":                                    {30, "c00.yaml"},
		"q=C1":                                {10, "c10.yaml"},
		"q=app3":                              {6, "c03.yaml"},
		"dataId=*9.yaml":                      {3, "c09.yaml"},
		"groupName=g2":                        {10, "c02.yaml"},
		"type=json":                           {15, "c01.yaml"},
		"type=json,yaml":                      {30, "c00.yaml"},
		"tags=t1&type=json":                   {8, "c01.yaml"},
		"content=needle1":                     {15, "c01.yaml"},
		"sort=size&order=desc":                {30, "c29.yaml"},
		"sort=groupName&order=desc":           {30, "c29.yaml"},
		"state=gray":                          {0, ""},
		"pageNo=3&pageSize=10":                {30, "c20.yaml"},
		"pageNo=9&pageSize=10":                {30, ""},
		"namespaceId=other":                   {0, ""},
		"changedAfter=99999999999999":         {0, ""},
		"q=" + url.QueryEscape("' OR 1=1 --"): {0, ""},
	} {
		var p page
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		g.ask(t, http.MethodGet, "/configs", v, &p)
		first := ""
		if len(p.PageItems) > 0 {
			first = p.PageItems[0].DataID
		}
		if p.TotalCount != want.total || first != want.first {
			t.Errorf("%s: %d from %s, want %d from %s", query, p.TotalCount, first, want.total, want.first)
		}
	}
	var p page
	g.ask(t, http.MethodGet, "/configs", form("facets", "true", "pageSize", "5"), &p)
	if f := p.Facets["type"]; len(f) != 2 || f[0].Count+f[1].Count != 30 || len(p.PageItems) != 5 || p.PageItems[0].May != "rw" {
		t.Errorf("%+v", p)
	}
	for _, bad := range []string{"sort=secret", "state=any", "pageNo=0", "pageSize=-1", "q=" + strings.Repeat("a", 300)} {
		v, _ := url.ParseQuery(bad)
		if status, key := g.ask(t, http.MethodGet, "/configs", v, nil); status != 400 || key != "invalid" {
			t.Errorf("%s: %d %s", bad, status, key)
		}
	}
}

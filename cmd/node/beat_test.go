package node

import (
	"bytes"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// A beat that comes again, letter for letter, is not looked at again. That must
// not show.
func TestBeatComesAgain(t *testing.T) {
	api, _ := namingAPI(t)
	const ok, unknown = `"code":10200`, `"code":20404`
	const at = "/v1/ns/instance/beat?serviceName=g%40%40s&ip=10.0.0.1&port=80"
	full := func(ip string) string {
		return "&beat=" + url.QueryEscape(`{"ip":"`+ip+`","port":80,"serviceName":"g@@s","cluster":"c"}`)
	}
	play(t, api, []step{
		{put, at, "", 200, "", unknown},
		{put, at + full("10.0.0.1"), "", 200, "", ok},
		{put, at + full("10.0.0.1"), "", 200, "", ok},
		{put, at, "", 200, "", ok},
		{put, at + "&beat=%7B", "", 500, "", "RsInfo"},
		{put, at + "&beat=%7B", "", 500, "", "RsInfo"},
		{put, at + full("10.0.0.1"), "", 200, "", ok},
		{put, at, strings.TrimPrefix(full("10.0.0.1"), "&"), 200, "", ok}, // in the body
		{put, at, strings.TrimPrefix(full("10.0.0.1"), "&"), 200, "", ok},
		{put, at, "beat=%7B", 500, "", "RsInfo"},
		{put, "/v2" + strings.TrimPrefix(at, "/v1") + full("10.0.0.1"), "", 200, "", ok},
		// It speaks of another instance than its parameters do.
		{put, at + full("10.0.0.2"), "", 200, "", ok},
		{put, at + full("10.0.0.2"), "", 200, "", ok},
		{del, "/v1/ns/instance?serviceName=g%40%40s&ip=10.0.0.2&port=80&clusterName=c", "", 200, "ok", ""},
		{put, at + full("10.0.0.2"), "", 200, "", unknown},
		{del, "/v1/ns/instance?serviceName=g%40%40s&ip=10.0.0.1&port=80&clusterName=c", "", 200, "ok", ""},
		{put, at + full("10.0.0.1"), "", 200, "", unknown},
		{put, at, "", 200, "", unknown},
		{post, "/v1/ns/instance?serviceName=g%40%40s&ip=10.0.0.1&port=80&clusterName=c&metadata=preserved.heart.beat.interval%3D7000", "", 200, "ok", ""},
		{put, at + full("10.0.0.1"), "", 200, "", `"clientBeatInterval":7000`},
		{put, at + full("10.0.0.1"), "", 200, "", `"clientBeatInterval":7000`},
	})
	// What a part of a multipart form says is not in the sum.
	for beat, want := range map[string]int{`{"ip":"10.0.0.1","port":80}`: 200, `{`: 500} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		_ = w.WriteField("beat", beat)
		_ = w.Close()
		r := httptest.NewRequest(put, "/nacos"+at, &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		got := httptest.NewRecorder()
		api.ServeHTTP(got, r)
		if got.Code != want {
			t.Errorf("a part %s: %d %s", beat, got.Code, got.Body)
		}
	}
}

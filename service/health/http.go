package health

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// maxHeaders bounds the headers that a check sends.
const maxHeaders = 64

// client returns an HTTP client for checks: no redirects, no proxies, no
// connection kept, and little read.
func client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: timeout, KeepAlive: -1}).DialContext,
			ResponseHeaderTimeout:  timeout,
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       2 * timeout,
	}
}

// newHTTPProbe returns the check that passes when a GET is answered by 200. The
// code that a checker expects is not looked at, as in the reference.
func newHTTPProbe() Probe {
	c := client()
	return func(ctx context.Context, t *Target) Result {
		path := t.Path
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.Address+path, http.NoBody)
		if err != nil {
			return soft(err)
		}
		req.Header.Set("User-Agent", "pharos-health")
		setHeaders(req, t.Headers)
		resp, err := c.Do(req)
		if err != nil {
			return unreachable(err)
		}
		_ = resp.Body.Close() // nobody reads it
		switch resp.StatusCode {
		case http.StatusOK:
			return pass()
		case http.StatusServiceUnavailable, http.StatusFound:
			return soft(statusError(resp.StatusCode))
		default:
			return hard(statusError(resp.StatusCode))
		}
	}
}

func statusError(code int) error { return fmt.Errorf("answered %d", code) }

// setHeaders adds Name:Value|Name2:Value2. Pieces that do not have exactly one
// colon are left out, as in the reference.
func setHeaders(req *http.Request, list string) {
	n := 0
	for piece := range strings.SplitSeq(list, "|") {
		name, value, ok := strings.Cut(piece, ":")
		if !ok || name == "" || strings.Contains(value, ":") {
			continue
		}
		if n++; n > maxHeaders {
			return
		}
		if strings.EqualFold(name, "Host") {
			req.Host = value
			continue
		}
		req.Header.Set(name, value)
	}
}

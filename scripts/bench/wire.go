package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// agent is what the measured clients call themselves.
const agent = "Nacos-Java-Client:v1.4.6"

// formType is the content type of a form.
const formType = "application/x-www-form-urlencoded"

// wire is one kept-alive HTTP connection with as little work on the client's
// side as can be, since client and server share the machine.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(ctx context.Context, host string) (*wire, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &wire{conn: conn, in: bufio.NewReaderSize(conn, 1<<10)}, nil
}

func (w *wire) close() { _ = w.conn.Close() }

// call sends a request and reads its answer.
func (w *wire) call(request []byte, limit time.Duration) (status int, body []byte, err error) {
	if err := w.send(request); err != nil {
		return 0, nil, err
	}
	return w.receive(limit)
}

func (w *wire) send(request []byte) error {
	if _, err := w.conn.Write(request); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

var errAnswer = errors.New("not an HTTP answer")

// receive reads one answer.
func (w *wire) receive(limit time.Duration) (status int, body []byte, err error) {
	if err := w.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return 0, nil, fmt.Errorf("receive: %w", err)
	}
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return 0, nil, fmt.Errorf("receive: %w", err)
	}
	fields := bytes.Fields(line)
	if len(fields) < 2 {
		return 0, nil, errAnswer
	}
	if status, err = strconv.Atoi(string(fields[1])); err != nil {
		return 0, nil, errAnswer
	}
	length, chunked, err := w.headers()
	if err != nil {
		return 0, nil, err
	}
	if chunked {
		body, err = io.ReadAll(httputil.NewChunkedReader(w.in))
		if err == nil {
			_, err = w.in.Discard(len("\r\n")) // behind the last chunk
		}
	} else {
		body = make([]byte, length)
		_, err = io.ReadFull(w.in, body)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("receive: %w", err)
	}
	return status, body, nil
}

func (w *wire) headers() (length int, chunked bool, err error) {
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return 0, false, fmt.Errorf("receive: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, chunked, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, false, errAnswer
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}

// post is a form as the bytes of a request.
func post(host, path string, form url.Values, headers ...string) []byte {
	body := form.Encode()
	var b strings.Builder
	fmt.Fprintf(&b, "POST /nacos%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nClient-Version: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n", path, host, agent, agent, formType, len(body))
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n" + body)
	return []byte(b.String())
}

// query is a request without a body.
func query(host, method, path string, q url.Values) []byte {
	return fmt.Appendf(nil, "%s /nacos%s?%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nClient-Version: %s\r\nContent-Length: 0\r\n\r\n", method, path, q.Encode(), host, agent, agent)
}

// once makes one request on a connection of its own; anything but 200 is an error.
func once(ctx context.Context, host string, request []byte) error {
	w, err := dial(ctx, host)
	if err != nil {
		return err
	}
	defer w.close()
	status, body, err := w.call(request, 30*time.Second)
	if err != nil {
		return err
	}
	if status != 200 {
		return fmt.Errorf("answered %d %.200s", status, body)
	}
	return nil
}

// pause waits so that the server comes to rest; false when the run is over.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

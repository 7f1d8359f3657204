package health

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// maxReply bounds a line of Redis.
const maxReply = 512

// probeRedis passes when PING is answered by PONG, after AUTH if there is a
// password.
func probeRedis(ctx context.Context, t *Target) Result {
	d := net.Dialer{Timeout: timeout, KeepAlive: -1}
	c, err := d.DialContext(ctx, "tcp", t.Address)
	if err != nil {
		return unreachable(err)
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	if err := c.SetDeadline(time.Now().Add(timeout)); err != nil {
		return soft(err)
	}
	r := bufio.NewReader(io.LimitReader(c, 2*maxReply))
	if t.Pwd != "" {
		auth := []string{"AUTH", t.Pwd}
		if t.User != "" {
			auth = []string{"AUTH", t.User, t.Pwd}
		}
		if reply, err := ask(c, r, auth...); err != nil {
			return soft(err)
		} else if reply != "+OK" {
			return judgeRedis(reply)
		}
	}
	reply, err := ask(c, r, "PING")
	if err != nil {
		return soft(err)
	}
	if reply == "+PONG" {
		return pass()
	}
	return judgeRedis(reply)
}

// judgeRedis judges a reply that is not the right one. A server that is busy or
// loads its data says so, and may be well in a moment.
func judgeRedis(reply string) Result {
	word, _, _ := strings.Cut(reply, " ")
	err := fmt.Errorf("redis answered %.100q", reply)
	switch word {
	case "-LOADING", "-BUSY", "-MASTERDOWN", "-TRYAGAIN", "-CLUSTERDOWN":
		return soft(err)
	default:
		return hard(err)
	}
}

// ask sends a command and returns the first line of the reply.
func ask(w io.Writer, r *bufio.Reader, words ...string) (string, error) {
	b := append(strconv.AppendInt([]byte("*"), int64(len(words)), 10), "\r\n"...)
	for _, word := range words {
		b = append(strconv.AppendInt(append(b, '$'), int64(len(word)), 10), "\r\n"...)
		b = append(append(b, word...), "\r\n"...)
	}
	if _, err := w.Write(b); err != nil {
		return "", err
	}
	line, err := r.ReadSlice('\n')
	switch {
	case err != nil:
		return "", err
	case len(line) > maxReply:
		return "", errors.New("the reply is too long")
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

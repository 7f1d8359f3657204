package health

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const (
	// customLimit is how long a user-defined check may take.
	customLimit = 5 * time.Second
	// maxCommands bounds the programs that run at once.
	maxCommands = 8
)

// Command returns the check that runs a program which the operator has named,
// with its arguments, separated by spaces. No shell is between. What is checked
// is in the environment: PHAROS_CHECK_IP, _PORT, _ADDRESS, _CLUSTER, _SERVICE,
// _GROUP and _NAMESPACE. Exit code 0 passes, 1 is a soft failure, any other a
// hard one. What is printed is thrown away.
func Command(line string) (Probe, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, errors.New("the command of the user-defined health check is empty")
	}
	program, err := exec.LookPath(words[0])
	if err != nil {
		return nil, fmt.Errorf("the command of the user-defined health check: %w", err)
	}
	room := make(chan struct{}, maxCommands)
	return func(ctx context.Context, t *Target) Result {
		select {
		case room <- struct{}{}:
			defer func() { <-room }()
		case <-ctx.Done():
			return Result{Unknown, ctx.Err()}
		}
		ctx, cancel := context.WithTimeout(ctx, customLimit)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, words[1:]...) //nolint:gosec // the program is one that a setting allows
		cmd.Env = environment(t)
		cmd.WaitDelay = time.Second
		ownGroup(cmd)
		return judgeExit(ctx, cmd.Run())
	}, nil
}

func environment(t *Target) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"PHAROS_CHECK_IP=" + clean(t.IP),
		"PHAROS_CHECK_PORT=" + strconv.Itoa(int(t.Port)),
		"PHAROS_CHECK_ADDRESS=" + clean(t.Address),
		"PHAROS_CHECK_CLUSTER=" + clean(t.Cluster),
		"PHAROS_CHECK_SERVICE=" + clean(t.Key.Service),
		"PHAROS_CHECK_GROUP=" + clean(t.Key.Group),
		"PHAROS_CHECK_NAMESPACE=" + clean(t.Key.Namespace),
	}
}

// clean drops what an environment cannot carry.
func clean(s string) string { return strings.ReplaceAll(s, "\x00", "") }

func judgeExit(ctx context.Context, err error) Result {
	exit := (*exec.ExitError)(nil)
	switch {
	case err == nil:
		return pass()
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return soft(fmt.Errorf("the command took longer than %v", customLimit))
	case ctx.Err() != nil || !errors.As(err, &exit) || !exit.Exited():
		return Result{Unknown, err} // it did not run, or not to its end
	case exit.ExitCode() == 1:
		return soft(err)
	default:
		return hard(err)
	}
}

// Hook returns the check that asks a URL which the operator has named: a POST of
// a JSON object with namespaceId, groupName, serviceName, clusterName, ip and
// port. 2xx passes, 503 is a soft failure, any other answer a hard one. A hook
// that does not answer says nothing of the instance.
func Hook(url string) Probe {
	c := client()
	c.Timeout = customLimit
	if t, ok := c.Transport.(*http.Transport); ok {
		t.ResponseHeaderTimeout = 0
	}
	return func(ctx context.Context, t *Target) Result {
		body, err := json.Marshal(map[string]any{
			"namespaceId": t.Key.Namespace, "groupName": t.Key.Group, "serviceName": t.Key.Service,
			"clusterName": t.Cluster, "ip": t.IP, "port": t.Port,
		})
		if err != nil {
			return Result{Unknown, err}
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return Result{Unknown, err}
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("User-Agent", "pharos-health")
		resp, err := c.Do(req)
		if err != nil {
			return Result{Unknown, err}
		}
		_ = resp.Body.Close() // nobody reads it
		switch {
		case resp.StatusCode/100 == 2:
			return pass()
		case resp.StatusCode == http.StatusServiceUnavailable:
			return soft(statusError(resp.StatusCode))
		default:
			return hard(statusError(resp.StatusCode))
		}
	}
}

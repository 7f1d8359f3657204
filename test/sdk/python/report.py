"""How a program reports, and what it needs beside the SDK."""

import json
import os
import queue
import sys
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

SERVER = os.environ["NACOS_SERVER"]


class Report:
    """Prints one line per check."""

    def __init__(self):
        self.failed = False

    def check(self, name, work):
        """Runs work, which answers what there is to tell beyond "ok" and raises when it fails."""
        result, detail = "ok", ""
        try:
            detail = work()
        except Exception as e:  # pylint: disable=broad-except
            self.failed = True
            result, detail = "fail", f"{type(e).__name__}: {e}"
            traceback.print_exc()
        detail = (detail or "").replace("\n", " ").replace("\t", " ")
        print("@check", name, result, detail, sep="\t", flush=True)
        return result == "ok"

    @staticmethod
    def ask(what):
        """Has the runner do something to the server, and waits until it is done."""
        print("@ask", what, sep="\t", flush=True)
        answer = sys.stdin.readline().strip()
        must(answer == "done", f"the runner answered {answer!r}")


class Told:
    """Collects what a listener is told, with the time."""

    def __init__(self):
        self._events = queue.Queue()

    def add(self, value):
        self._events.put((time.monotonic(), value))

    def wait(self, limit, fits):
        """Waits for a value that fits, told from now on, and gives when that was."""
        end = time.monotonic() + limit
        last = "nothing"
        while True:
            try:
                at, value = self._events.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"not told within {limit:.1f} s; last told: {str(last)[:300]}") from None
            if fits(value):
                return at
            last = value


def must(holds, message):
    if not holds:
        raise AssertionError(message)


def request(method, path, params=None, headers=None):
    """Asks without the SDK, for what the SDK cannot say. Gives status and body."""
    form = urllib.parse.urlencode(params or {})
    body = method in ("POST", "PUT")
    req = urllib.request.Request(
        f"http://{SERVER}/nacos{path}" + ("" if body else "?" + form),
        data=form.encode() if body else None,
        headers=headers or {},
        method=method,
    )
    try:
        with urllib.request.urlopen(req, timeout=10) as resp:
            return resp.status, resp.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def client(namespace="", username=None, password=None):
    """A client of the SDK with folders of its own."""
    import nacos

    work = os.path.join(os.environ["SDK_WORK"], f"{os.getpid()}-{time.monotonic_ns()}")
    c = nacos.NacosClient(SERVER, namespace=namespace, username=username, password=password, logDir=work)
    c.set_options(snapshot_base=os.path.join(work, "snapshot"), failover_base=os.path.join(work, "failover"))
    return c


def hosts(service, namespace=""):
    """What the server lists, asked without the SDK."""
    status, body = request("GET", "/v1/ns/instance/list", {"serviceName": service, "namespaceId": namespace})
    must(status == 200, f"list: {status} {body}")
    return json.loads(body)["hosts"]

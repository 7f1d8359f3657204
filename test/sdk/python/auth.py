"""The checks with authorization enforced.

This SDK never logs in: it sends name and password with each request that has
a query (reads and beats), and nothing with those that have a form (writes).
Nacos refuses the latter too, so what is checked is that they are refused.
"""

import json
import os
import threading
import time

from config import GROUP, reads
from report import client, must, request

LIFE = int(os.environ.get("AUTH_TOKEN_SECONDS", "0"))


def account(name):
    username, password = os.environ[name].split(":", 1)
    return {"username": username, "password": password}


def run(report):
    writer = account("AUTH_WRITER")
    report.check("right password", lambda: expect(writer, True, True) or "writes by plain HTTP: the SDK sends no password with them")
    longer = Later(lambda: keep_using(writer))
    token = Later(lambda: token_ends(writer))
    report.check("wrong password", lambda: expect(account("AUTH_WRONG"), False, False))
    report.check("no password", lambda: expect({}, False, False))
    report.check("read permission only", lambda: expect(account("AUTH_READER"), True, False))
    report.check("no permission", lambda: expect(account("AUTH_NOBODY"), False, False))
    report.check("token expires", token.result)
    report.check("login again while running", longer.result)


class Later:
    """Runs work beside the other checks."""

    def __init__(self, work):
        self._value, self._failed = None, None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work):
        try:
            self._value = work()
        except Exception as e:  # pylint: disable=broad-except
            self._failed = e

    def result(self):
        self._thread.join()
        if self._failed:
            raise self._failed
        return self._value


def expect(who, read, write):
    """Does with one account what an application does, and says which of it must work."""
    c = client(**who)
    name = "sdk-by-" + who.get("username", "")
    allowed("config read", read, lambda: reads(c, "sdk-secret", "open sesame"))
    allowed("instance list", read, lambda: c.list_naming_instance(name))
    allowed("config publish without password", False, lambda: must(c.publish_config(name, GROUP, "x"), "false"))
    allowed("instance register without password", False, lambda: c.add_naming_instance(name, "127.0.0.1", 9400, "DEFAULT"))
    allowed("config publish", write, lambda: ok(request("POST", "/v1/cs/configs", {"dataId": name, "group": GROUP, "content": "x", **who})))
    allowed("beat", write, lambda: c.send_heartbeat(name, "127.0.0.1", 9400, "DEFAULT"))


def ok(answer):
    must(answer[0] == 200, f"{answer[0]} {answer[1]}")


def allowed(what, want, action):
    failed = None
    try:
        action()
    except Exception as e:  # pylint: disable=broad-except
        failed = e
    must((failed is None) == want, f"{what}: allowed {failed is None}, want {want} ({failed})")
    refused = failed is None or "Insufficient privilege" in str(failed) or str(failed).startswith("403 ")
    must(refused, f"{what} is refused otherwise than with 403: {failed!r}")


def token_ends(who):
    """Uses one token until it is refused."""
    asked = time.monotonic()
    status, body = request("POST", "/v1/auth/users/login", who)
    answered = time.monotonic()  # the life began between these two
    must(status == 200, f"login: {status} {body}")
    login = json.loads(body)
    must(LIFE - 1 <= login["tokenTtl"] <= LIFE, f"tokenTtl is {login['tokenTtl']}, set are {LIFE}")
    while True:
        params = {"dataId": "sdk-secret", "group": GROUP, "accessToken": login["accessToken"]}
        status, body = request("GET", "/v1/cs/configs", params)
        most, least = time.monotonic() - asked, time.monotonic() - answered
        if status != 200:
            must(status == 403 and most >= LIFE, f"after {most} s: {status} {body}")
            return f"refused with 403 after {least:.1f} s of {LIFE}"
        must(least <= LIFE + 2, f"still taken after {least} s")
        time.sleep(0.2)


def keep_using(who):
    """Reads for longer than a token lives."""
    c = client(**who)
    began, n = time.monotonic(), 0
    while time.monotonic() - began < LIFE * 2.5:
        reads(c, "sdk-secret", "open sesame")
        n += 1
        time.sleep(0.5)
    must(n > 10, "too few reads to tell")
    return f"{n} reads in {LIFE * 2.5} s, name and password with each"

"""The checks of the configuration centre."""

import hashlib
import time

from report import Told, client, must, request

GROUP = "SDK_GROUP"
WATCHED = "sdk-watched.yaml"
CONFIGS = "/v1/cs/configs"
TOLD = 1.0  # s
AFTER_OUTAGE = 15.0  # the SDK waits a second after a failed poll
UNICODE = '名称: 灯塔 — Ἀλεξάνδρεια\n絵文字: 🗼🚢\r\nsigns: a+b=c&d%20 "<>" \\ \t end'


def publish(c, data_id, content):
    """Writes, checks that the content is readable at once, and gives the time of the write's answer."""
    must(c.publish_config(data_id, GROUP, content), "the SDK says that the publish failed")
    answered = time.monotonic()
    reads(c, data_id, content)
    return answered


def reads(c, data_id, want):
    got = c.get_config(data_id, GROUP, no_snapshot=True)
    must(got == want, f"read {brief(got)}, want {brief(want)}")


def brief(s):
    return "nothing" if s is None else f"{len(s)} characters {s[:60]!r}"


def listen(c, data_id):
    told = Told()

    def changed(params):
        told.add(params["content"])

    c.add_config_watcher(data_id, GROUP, changed)
    return told


def run(report):
    c = client()
    report.check("publish", lambda: publish(c, "sdk-plain.properties", "a=1\nb=2\n") and None)
    report.check("get: absent", lambda: reads(c, "sdk-absent", None))
    report.check("cas", lambda: cas(c))
    report.check("namespace", lambda: other_namespace(c))
    told = None

    def write(content, limit=TOLD):
        answered = publish(c, WATCHED, content)
        return f"{max(0.0, told.wait(limit, lambda s: s == content) - answered) * 1000:.0f} ms"

    def changes():
        nonlocal told
        publish(c, WATCHED, "v: 0")
        told = listen(c, WATCHED)
        return ", ".join(write(f"v: {i}") for i in range(1, 6))

    def remove():
        must(c.remove_config(WATCHED, GROUP), "the SDK says that the removal failed")
        answered = time.monotonic()
        reads(c, WATCHED, None)
        at = told.wait(TOLD, lambda s: s is None)
        return f"told after {max(0.0, at - answered) * 1000:.0f} ms"

    def restart():
        write("before: the restart")
        report.ask("restart")
        reads(c, WATCHED, "before: the restart")
        first = write("after: the restart", AFTER_OUTAGE)
        return f"told after {first}, then {write('after: again')}"

    report.check("told: changed", changes)
    report.check("unicode", lambda: write(UNICODE))
    report.check("100 KB", lambda: write(large()))
    report.check("beta", lambda: beta(c, told))
    report.check("remove", remove)
    report.check("server restart", restart)


def large():
    """100 KB of UTF-8 that no shortcut gets right."""
    lines, size, i = [], 0, 0
    while size < 100 << 10:
        lines.append(f"key.{i:05d} = värde {i * 7919} & 100% 数\n")
        size += len(lines[-1])
        i += 1
    return "".join(lines)


def md5(s):
    return hashlib.md5(s.encode()).hexdigest()


def cas(c):
    """Said by plain HTTP: the SDK has no words for it."""
    data_id = "sdk-cas"
    publish(c, data_id, "one")
    params = {"dataId": data_id, "group": GROUP, "content": "two"}
    status, body = request("POST", CONFIGS, params, {"casMd5": md5("another")})
    must(status != 200, f"a publish against another md5 was answered {status} {body}")
    reads(c, data_id, "one")
    status, body = request("POST", CONFIGS, params, {"casMd5": md5("one")})
    must((status, body) == (200, "true"), f"a publish against the right md5: {status} {body}")
    reads(c, data_id, "two")


def other_namespace(c):
    data_id = "sdk-spaced"
    spaced = client("sdk-space")
    publish(c, data_id, "public")
    publish(spaced, data_id, "spaced")
    told = listen(spaced, data_id)
    publish(spaced, data_id, "spaced, changed")
    told.wait(TOLD, lambda s: s == "spaced, changed")
    reads(c, data_id, "public")


def beta(c, told):
    """Publishes for one address and looks from it and from another."""
    formal, gray = "beta: formal", "beta: gray"
    params = {"dataId": WATCHED, "group": GROUP}

    def send(content, ips):
        status, body = request("POST", CONFIGS, {**params, "content": content}, {"betaIps": ips})
        must((status, body) == (200, "true"), f"beta publish: {status} {body}")
        return time.monotonic()

    def reads_from(ip, want):
        status, body = request("GET", CONFIGS, params, {"X-Forwarded-For": ip})
        must((status, body) == (200, want), f"read from {ip}: {status} {body}, want {want}")

    publish(c, WATCHED, formal)
    told.wait(TOLD, lambda s: s == formal)
    send("beta: of another", "10.9.9.9")  # not for this client
    reads(c, WATCHED, formal)
    reads_from("10.9.9.9", "beta: of another")
    answered = send(gray, "127.0.0.1,10.9.9.8")
    at = told.wait(TOLD, lambda s: s == gray)
    reads(c, WATCHED, gray)
    reads_from("10.9.9.8", gray)
    reads_from("10.9.9.9", formal)
    status, body = request("DELETE", CONFIGS, {**params, "beta": "true"})
    must(status == 200, f"stop beta: {status} {body}")
    told.wait(TOLD, lambda s: s == formal)
    reads(c, WATCHED, formal)
    reads_from("10.9.9.8", formal)
    return f"told after {max(0.0, at - answered) * 1000:.0f} ms"

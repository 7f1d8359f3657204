"""The checks of service discovery. The SDK has neither push nor beats of its own: it polls, and the application beats."""

import os
import signal
import statistics
import subprocess
import sys
import threading
import time

from nacos.listener import SubscribeListener

from report import Told, client, hosts, must, request

SERVICE, LOST = "sdk-naming", "sdk-lost"
ADDRESS = "127.0.0.1"
PORT, LIVE_PORT, DEAD_PORT = 9001, 9301, 9302
ROUNDS = 3
POLL = 0.5  # s, the interval that the application asks the SDK for
TOLD_LIMIT = POLL + 0.5
WAIT = 10
BEAT_INTERVAL, BEAT_TIME = 5, 60

# A silent instance is unhealthy after 15 s and gone after 30 s, counted from
# its last beat. That is up to 5 s before the kill, and the server looks every
# 5 s at the most.
UNHEALTHY = (9, 21)
GONE = (24, 36)

METADATA = {"zone": "北京-1", "json": '{"a":[1,"&=+%"]}', "empty": ""}


class Beats:
    """Beats for instances, as an application with this SDK has to."""

    def __init__(self, c):
        self._client = c
        self._lock = threading.Lock()
        self._instances = {}
        self._failed = None
        self._ended = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def add(self, service, port, metadata=None):
        with self._lock:
            self._instances[(service, port)] = metadata

    def remove(self, service, port):
        with self._lock:
            self._instances.pop((service, port), None)

    def stop(self):
        self._ended.set()
        if self._failed:
            raise self._failed

    def _run(self):
        while not self._ended.wait(BEAT_INTERVAL):
            with self._lock:
                instances = dict(self._instances)
            for (service, port), metadata in instances.items():
                try:
                    answer = self._client.send_heartbeat(service, ADDRESS, port, "DEFAULT", 2.5, metadata or {})
                    must(answer["code"] == 10200 and answer["clientBeatInterval"] == 5000, f"beat: {answer}")
                except Exception as e:  # pylint: disable=broad-except
                    self._failed = e


def register(c, service, port, metadata=None):
    must(c.add_naming_instance(service, ADDRESS, port, "DEFAULT", 2.5, metadata or {}), "the SDK says that registering failed")


def deregister(c, service, port):
    must(c.remove_naming_instance(service, ADDRESS, port, "DEFAULT"), "the SDK says that deregistering failed")


def provide(service, port):
    """Registers an instance and beats for it until it is killed."""
    c = client()
    register(c, service, port)
    Beats(c).add(service, port)
    print("registered", flush=True)
    sys.stdin.read()  # ends with the parent


def subscribe(c, service):
    """Collects (event, instance) pairs, event being ADDED, MODIFIED or DELETED."""
    told = Told()
    listener = SubscribeListener(fn=lambda event, local: told.add((event, local.instance)), listener_name=service)
    c.subscribe(listener, POLL, service)
    return told


def run(report):
    c = client()
    beats = Beats(c)
    if not report.check("register", lambda: register(c, SERVICE, PORT, METADATA)):
        return
    beats.add(SERVICE, PORT, METADATA)
    minder = Minder()
    lost = Lost(c, beats)
    report.check("list", lambda: listed(c))
    told = None

    def subscribed():
        nonlocal told
        # The SDK keeps the first list to itself and tells of what differs from it.
        told = subscribe(c, SERVICE)
        register(c, SERVICE, 9002)
        told.wait(WAIT, lambda e: e[0] == "ADDED" and e[1]["port"] == 9002)
        deregister(c, SERVICE, 9002)
        told.wait(WAIT, lambda e: e[0] == "DELETED" and e[1]["port"] == 9002)

    if not report.check("subscribe", subscribed):
        return
    told_of_writes(report, c, told)
    report.check("told: many at once", lambda: told_of_many(c, told))
    report.check("list services", list_services)
    report.check("namespace", lambda: other_namespace())
    lost.checks(report, c)
    report.check("healthy for 60 s", lambda: minder.result(beats))
    report.check("deregister", lambda: gone(c, told))


def listed(c):
    found = c.list_naming_instance(SERVICE)["hosts"]
    must(len(found) == 1, f"listed: {found}")
    want = {
        "ip": ADDRESS, "port": PORT, "clusterName": "DEFAULT", "weight": 2.5, "healthy": True, "enabled": True,
        "ephemeral": True, "metadata": METADATA,
    }
    got = {k: found[0].get(k) for k in want}
    must(got == want, f"listed otherwise than registered: {got}")
    one = c.get_naming_instance(SERVICE, ADDRESS, PORT, "DEFAULT")
    must(one["port"] == PORT and one["healthy"] and one["metadata"] == METADATA, f"detail: {one}")


def list_services():
    """Said by plain HTTP: the SDK has no words for it."""
    status, body = request("GET", "/v1/ns/service/list", {"pageNo": 1, "pageSize": 100})
    must(status == 200 and '"count":2' in body and f'"{SERVICE}"' in body and f'"{LOST}"' in body, f"{status} {body}")
    return "by plain HTTP"


def gone(c, told):
    deregister(c, SERVICE, PORT)
    told.wait(WAIT, lambda e: e[0] == "DELETED" and e[1]["port"] == PORT)
    must(not c.list_naming_instance(SERVICE)["hosts"], "still listed")


def other_namespace():
    spaced = client("sdk-space")
    register(spaced, "sdk-spaced", 9200)
    must(len(spaced.list_naming_instance("sdk-spaced")["hosts"]) == 1, "not in its namespace")
    must(not hosts("sdk-spaced"), "in the public namespace")
    deregister(spaced, "sdk-spaced", 9200)


class Minder:
    """Looks every second whether the instance is listed as healthy."""

    def __init__(self):
        self._began = time.monotonic()
        self._looks = 0
        self._failed = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while time.monotonic() - self._began < BEAT_TIME:
            time.sleep(1)
            try:
                found = hosts(SERVICE)
                must(any(h["port"] == PORT and h["healthy"] for h in found), f"listed: {found}")
            except Exception as e:  # pylint: disable=broad-except
                self._failed = e
                return
            self._looks += 1

    def result(self, beats):
        self._thread.join()
        beats.stop()
        if self._failed:
            raise self._failed
        return f"{self._looks} looks in {time.monotonic() - self._began:.0f} s"


def told_of_writes(report, c, told):
    """Measures how long after a write's answer the listener knows."""
    times = {"told: new": [], "told: changed": [], "told: deregistered": []}
    failed = None

    def measure(name, event, port, fits=lambda i: True):
        answered = time.monotonic()
        at = told.wait(WAIT, lambda e: e[0] == event and e[1]["port"] == port and fits(e[1]))
        times[name].append(max(0.0, at - answered))

    try:
        for port in range(9010, 9010 + ROUNDS):
            register(c, SERVICE, port, {"v": "1"})
            measure("told: new", "ADDED", port)
            must(c.modify_naming_instance(SERVICE, ADDRESS, port, "DEFAULT", 7, {"v": "2"}, True), "the SDK says that changing failed")
            measure("told: changed", "MODIFIED", port, lambda i: i["weight"] == 7 and i["metadata"]["v"] == "2")
            deregister(c, SERVICE, port)
            measure("told: deregistered", "DELETED", port)
    except Exception as e:  # pylint: disable=broad-except
        failed = e

    def judge(all_times):
        if len(all_times) < ROUNDS:
            raise failed
        median = statistics.median(all_times)
        text = f"{median * 1000:.0f} ms after the write's answer (median of {ROUNDS}), at the SDK's own poll each {POLL} s"
        must(median <= TOLD_LIMIT, text)
        return text

    for name, all_times in times.items():
        report.check(name, lambda t=all_times: judge(t))


def told_of_many(c, told):
    ports = set(range(9100, 9112))
    for port in ports:
        register(c, SERVICE, port, METADATA)
    for event, act in (("ADDED", None), ("DELETED", lambda p: deregister(c, SERVICE, p))):
        if act:
            for port in ports:
                act(port)
        left = set(ports)

        def seen(e, want=event, remaining=left):
            if e[0] == want:
                remaining.discard(e[1]["port"])
            return not remaining

        told.wait(WAIT, seen)
    return f"{len(ports)} instances"


class Lost:
    """Follows an instance whose process is killed, beside one that lives."""

    def __init__(self, c, beats):
        self.failed, self.told, self._beats = None, None, beats
        main = os.path.join(os.path.dirname(os.path.abspath(__file__)), "main.py")
        with subprocess.Popen(
            [sys.executable, main, "provider", LOST, str(DEAD_PORT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as provider:
            try:
                register(c, LOST, LIVE_PORT)
                beats.add(LOST, LIVE_PORT)
                must(provider.stdout.readline() == b"registered\n", "the provider did not register")
                self.told = subscribe(c, LOST)
                found = {h["port"]: h["healthy"] for h in c.list_naming_instance(LOST)["hosts"]}
                must(found == {LIVE_PORT: True, DEAD_PORT: True}, f"listed: {found}")
            except Exception as e:  # pylint: disable=broad-except
                self.failed = e
            provider.send_signal(signal.SIGKILL)
            self.killed = time.monotonic()

    def checks(self, report, c):
        def within(limits, fits):
            if self.failed:
                raise self.failed
            after = self.told.wait(self.killed + limits[1] + 5 - time.monotonic(), fits) - self.killed
            text = f"{after:.1f} s after the kill"
            must(limits[0] <= after <= limits[1], f"{text}, not between {limits[0]} and {limits[1]} s")
            return text

        def select():
            ports = [h["port"] for h in c.list_naming_instance(LOST, healthy_only=True)["hosts"]]
            must(ports == [LIVE_PORT], f"healthy: {ports}")

        report.check(
            "told: beats stopped, unhealthy",
            lambda: within(UNHEALTHY, lambda e: e[0] == "MODIFIED" and e[1]["port"] == DEAD_PORT and not e[1]["healthy"]),
        )
        report.check("select healthy", select)
        report.check("told: beats stopped, lost", lambda: within(GONE, lambda e: e[0] == "DELETED" and e[1]["port"] == DEAD_PORT))
        self._beats.remove(LOST, LIVE_PORT)

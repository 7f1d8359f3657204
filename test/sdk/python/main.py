"""Uses a server through nacos-sdk-python as an application would; ../README.md tells what it prints."""

import logging
import multiprocessing
import os
import sys

import auth
import config
import naming
from report import Report

SUITES = {"naming": naming.run, "config": config.run, "auth": auth.run}


def main():
    # The SDK logs to its own file and to stderr.
    logging.getLogger().setLevel(logging.WARNING)
    if sys.argv[1:2] == ["provider"]:
        naming.provide(sys.argv[2], int(sys.argv[3]))
        return 0
    if len(sys.argv) != 2 or sys.argv[1] not in SUITES:
        print("usage: main.py naming|config|auth", file=sys.stderr)
        return 2
    report = Report()
    SUITES[sys.argv[1]](report)
    return 1 if report.failed else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    for child in multiprocessing.active_children():  # the SDK's pollers
        child.kill()
    os._exit(code)  # the SDK's timers would keep the process alive

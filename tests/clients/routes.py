"""Which client has called which route, by the server's log: `routes.py CLIENT=LOG …` prints a table.

Fails if a route of routes.txt was called by no client with success, or if an answer was a 5xx.
"""

import collections
import os
import re
import sys

ACCESS = re.compile(r" ([A-Z]+) (/\S*) (\d{3}) [\d.]+ms request=")


def routes():
    """Each route of routes.txt, and the status that a right answer has, if it has only one."""
    with open(os.path.join(os.path.dirname(__file__), "routes.txt"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                method, path, *status = line.split()
                yield f"{method} {path}", int(status[0]) if status else None


def calls(log):
    """The statuses of the answers that a log has, by route."""
    found = collections.defaultdict(collections.Counter)
    with open(log, encoding="utf-8") as file:
        for line in file:
            if access := ACCESS.search(line):
                method, path, status = access.groups()
                path = re.sub(r"/\d+(?=/|$)", "/:id", path.rstrip("/"))
                found[f"{method} {path}"][int(status)] += 1
    return found


def main():
    clients = {name: calls(log) for name, _, log in (argument.partition("=") for argument in sys.argv[1:])}
    missing, failures = [], []
    print(f"{'calls that were answered as they should':52}", *(f"{name:>12}" for name in clients))
    for route, status in routes():
        counts = [
            sum(count for found, count in answers[route].items() if found == status or (status is None and found < 400))
            for answers in clients.values()
        ]
        print(f"{route:52}", *(f"{count or '':>12}" for count in counts))
        if not any(counts):
            missing.append(route)
    for name, answers in clients.items():
        failures += [f"{name}: {route} {status}" for route in answers for status in answers[route] if status >= 500]
    for line in [f"no client has called {route}" for route in missing] + failures:
        print(line)
    return bool(missing or failures)


if __name__ == "__main__":
    sys.exit(main())

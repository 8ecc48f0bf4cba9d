"""kill -9 of PostgreSQL and of web processes in turn, under load: what was acknowledged is stored, nothing twice.

    python -m benchmarks.cluster_failures [--rounds 50] [--victims postgres,web]

Two web processes serve one bureau on a PostgreSQL of this run's own. Several people fill in the form of a new problem,
again and again, at either of them; a form that got no answer is sent again, with its hidden key, until it has one. Each
round kills one victim at a random moment and starts it again; the round's recovery time is that until the first form
begun after the kill is acknowledged by every web process. In the end each problem acknowledged must be there exactly
once, with its own number, and both chains must hold.

Prints one JSON object; exit code 1 when anything is lost, doubled or broken. Bounded in rounds and time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import lxml.html
from tests.cluster import postgres, webs
from tests.cluster.webs import Web
from tests.path import county
from tests.path.house import House, Visitor

PATIENCE = 60.0
PEOPLE = 2  # at each web process
LOOK = """
import json, sys
from pathlib import Path
from ecoledger.cli import data_folder
data_folder.use(Path(sys.argv[1]))
from ecoledger.accounts import audit
from ecoledger.matters import chain
from ecoledger.matters.models import Matter
broken = [b.why for b in (audit.first_broken(), chain.first_broken_overall()) if b]
rows = list(Matter.objects.values_list("title", "number"))
print(json.dumps({"rows": rows, "broken": broken, "out_of_step": len(chain.out_of_step())}))
"""


class Clerk(threading.Thread):
    """Fills in the form until told to stop; remembers what was acknowledged, and when."""

    def __init__(self, web: Web, name: str) -> None:
        super().__init__(daemon=True)
        self.web, self.called = web, name
        self.acknowledged: list[tuple[str, float, float]] = []
        self.errors = 0
        self.ending = False
        self.last = ""
        # Signed in once: the session lies in the database and outlives both kinds of death.
        with contextlib.closing(Visitor(House(web), "officer")) as person:
            self.cookies = dict(person.cookies)

    def run(self) -> None:
        number = 0
        while not self.ending:
            title = f"{self.called}-{number}"
            begun = time.monotonic()
            if self._until_acknowledged(title):
                self.acknowledged.append((title, begun, time.monotonic()))
            number += 1

    def _until_acknowledged(self, title: str) -> bool:
        data: dict[str, Any] | None = None
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                with contextlib.closing(Visitor(House(self.web))) as person:
                    person.cookies.update(self.cookies)
                    data = data or self._form(person, title)
                    answer = person.post("/matters/problem/new", data=data)
                    if answer.status_code == 302:
                        return True
                    self.last = f"{answer.status_code} {answer.text[:2000]}"
            except (httpx.HTTPError, StopIteration):
                pass
            self.errors += 1
            time.sleep(0.2)
        return False

    def _form(self, person: Visitor, title: str) -> dict[str, Any]:
        answer = person.get("/matters/problem/new")
        answer.raise_for_status()
        form = next(f for f in lxml.html.fromstring(answer.text).forms if "submission" in f.fields)
        data = {name: value for name, value in form.form_values() if value is not None}
        data["csrfmiddlewaretoken"] = self.cookies["csrftoken"]
        wanted = {"title": title, "area_code": county.NORTH, "origin_kind": "self"}
        for name in filter(None, form.fields):
            if (field := name.rpartition("-")[2]) in wanted:
                data[name] = wanted[field]
        return data


def run(rounds: int, victims: list[str]) -> dict[str, Any]:
    draw = random.Random(11)
    with tempfile.TemporaryDirectory() as place, postgres.started(durable=True) as server:
        running = _built(Path(place), server)
        kills: dict[str, Callable[[], None]] = {
            "postgres": lambda: _again(server),
            "web": lambda: _again(draw.choice(running)),
        }
        clerks = [Clerk(web, f"{n}{k}") for n, web in enumerate(running) for k in range(PEOPLE)]
        for clerk in clerks:
            clerk.start()
        _wait_for(clerks, 0.0)
        recovery: dict[str, list[float]] = {name: [] for name in victims}
        for number in range(rounds):
            time.sleep(draw.uniform(0.5, 2.5))
            name = victims[number % len(victims)]
            killed = time.monotonic()
            kills[name]()
            recovery[name].append(round(_wait_for(clerks, killed) - killed, 2))
            print(json.dumps({"round": number, "victim": name, "recovery_s": recovery[name][-1]}),
                  file=sys.stderr, flush=True)  # fmt: skip
        for clerk in clerks:
            clerk.ending = True
        for clerk in clerks:
            clerk.join(PATIENCE)
        for web in running:
            web.stop()
        return _verdict(running[0], server, clerks, recovery)


def _built(place: Path, server: postgres.Postgres) -> list[Web]:
    return [web.start() for web in webs.built(place, server.make("bureau"))]


def _again(victim: Web | postgres.Postgres) -> None:
    victim.kill()
    victim.start()


def _wait_for(clerks: list[Clerk], since: float) -> float:
    """When the last of the web processes acknowledged a form that was begun after ``since``."""
    end = time.monotonic() + PATIENCE
    while True:
        times: dict[Web, float] = {}
        for clerk in clerks:
            for _, begun, at in clerk.acknowledged[-3:]:
                if begun > since:
                    times[clerk.web] = min(at, times.get(clerk.web, at))
        if len(times) == len({clerk.web for clerk in clerks}):
            return max(times.values())
        if time.monotonic() > end:
            raise RuntimeError(f"nothing was acknowledged any more: {clerks[0].last}")
        time.sleep(0.05)


def _verdict(
    web: Web, server: postgres.Postgres, clerks: list[Clerk], recovery: dict[str, list[float]]
) -> dict[str, Any]:
    look = subprocess.run(
        [sys.executable, "-c", LOOK, str(web.data)],
        check=True, capture_output=True, text=True, env=web.environment,
    )  # fmt: skip
    seen = json.loads(look.stdout)
    titles = [title for title, _ in seen["rows"]]
    acknowledged = [title for clerk in clerks for title, _, _ in clerk.acknowledged]
    return {
        "server": server.version(),
        "rounds": sum(map(len, recovery.values())),
        "acknowledged": len(acknowledged),
        "lost": len(set(acknowledged) - set(titles)),
        "doubled": len(titles) - len(set(titles)),
        "numbers_doubled": len(seen["rows"]) - len({number for _, number in seen["rows"]}),
        "chains_broken": seen["broken"],
        "out_of_step": seen["out_of_step"],
        "sent_again": sum(clerk.errors for clerk in clerks),
        "recovery_s": {
            name: {"median": statistics.median(times), "worst": max(times)}
            for name, times in recovery.items() if times
        },
    }  # fmt: skip


def main() -> int:
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--victims", default="postgres,web")
    asked = parser.parse_args()
    if why := postgres.available():
        print(json.dumps({"not run": why}))
        return 0
    result = run(asked.rounds, asked.victims.split(","))
    print(json.dumps(result))
    bad = ("lost", "doubled", "numbers_doubled", "chains_broken", "out_of_step")
    return 1 if any(result[name] for name in bad) else 0


if __name__ == "__main__":
    sys.exit(main())

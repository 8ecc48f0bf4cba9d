"""How long pages take in a bureau at work, on a large book, with counts compared with SQL.

    python -m benchmarks.pages [--scale 1.0] [--minutes 3] [--people 50] [--against CHECKOUT] [--folder DIR]

At full scale 200,000 matters, 100,000 entities and 100 million observations are set up. Then the real server runs, and
at once: people of ten roles and different scopes open a page every ten seconds each, one request in ten writes; devices
send 50 packets a second; one import of a ledger runs after the other. No page is warmed up. ``--against`` does the same
with another checkout of the project, on data of its own, in the same run. ``--folder`` keeps the data and uses it again.

Prints one JSON line a build: milliseconds p50 and p95 of each kind of page and of all, pages that failed, counts that
differ from SQL, packets acknowledged, and the share of one processor that the generator itself used. ``keystrokes``: after
the load, how long the search takes for each letter of names and of their initials as they are typed.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import multiprocessing
import os
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from benchmarks import pages_data

HERE = Path(__file__).resolve().parents[1]
PACKETS = 50  # a second
PAUSE = 10.0  # seconds between two pages of one person
ROWS = 2000  # of the ledger that is imported

# Kind of page -> its addresses for somebody inside the bureau; {word} and {number} are filled in anew each time.
PAGES = {
    "home": ("/",),
    "cockpit": ("/cockpit",),
    "inbox": ("/my-work",),
    "list": ("/matters/problem", "/matters/project", "/enterprises", "/b/outlet"),
    "list filtered": (
        "/matters/problem?state=rectifying",
        "/matters/problem?overdue=1",
        "/matters/problem?area_code={town}",
        "/enterprises?area_code={town}",
    ),
    "list sorted": ("/matters/problem?sort=due", "/matters/problem?sort=-number"),
    "list deep": ("/matters/problem?page={deep}", "/enterprises?page={deep}"),
    "list searched": ("/matters/problem?q={word}", "/enterprises?q={word}"),
    "search": ("/search/hits?q={word}", "/search/hits?q={initials}", "/search/hits?q={number}"),
    "statistics": ("/matters/problem/statistics", "/matters/project/statistics"),
    "line": ("/lines/rectification", "/lines/monitoring"),
    "entity": ("/enterprises/{entity}",),
    "matter": ("/matters/problem/{matter}",),
    "map": ("/map",),
}
OWN = ("matters", "entities")
# What people outside the bureau open.
OUTSIDE = ("inbox", "list", "search", "matter", "list deep")


class Person:
    """Somebody at work: opens a page every ten seconds, one in ten times writes a note."""

    def __init__(
        self, http: str, session: dict[str, Any], facts: dict[str, Any], seed: int
    ) -> None:
        self.random = random.Random(seed)
        # Everybody opens what they have to do with.
        self.facts, self.role = facts | {k: session[k] or facts[k] for k in OWN}, session["role"]
        self.has_work = bool(session["matters"])
        self.client = httpx.AsyncClient(
            base_url=http,
            cookies={"sessionid": session["session"], "csrftoken": "x" * 32},
            headers={"X-CSRFToken": "x" * 32, "Referer": http},
            timeout=120,
        )

    def address(self, kind: str) -> str:
        choose = self.random.choice
        return choose(PAGES[kind]).format(
            word=choose(self.facts["words"]),
            initials=choose(self.facts["initials"]),
            number=choose(self.facts["numbers"]),
            town=choose(self.facts["towns"]),
            deep=self.random.randint(100, self.facts["pages"]),
            entity=choose(self.facts["entities"]),
            matter=choose(self.facts["matters"]),
        )

    async def work(
        self, until: float, pause: float, told: list[tuple[str, float, int, str]]
    ) -> None:
        kinds = list(PAGES) if self.role not in ("enterprise", "third_party") else list(OUTSIDE)
        if not self.has_work:
            kinds.remove("matter")
        await asyncio.sleep(self.random.random() * pause)
        while time.perf_counter() < until:
            begun = time.perf_counter()
            if self.random.random() < 0.1 and self.has_work:
                kind, how = "write", self.client.post
                address = f"/matters/problem/{self.random.choice(self.facts['matters'])}/note"
                more: dict[str, Any] = {"data": {"text": "电话了解进展。"}}
            else:
                kind, how = self.random.choice(kinds), self.client.get
                address, more = self.address(kind), {"follow_redirects": True}
            try:
                answer = await how(address, **more)
                # Who was signed out is shown the door: no page was measured.
                status = 401 if answer.url.path == "/sign-in" else answer.status_code
            except httpx.HTTPError:
                status = 599  # no answer: counted as failed
            took = (time.perf_counter() - begun) * 1000
            told.append((kind, took, status, address))
            await asyncio.sleep(max(0.0, pause * self.random.uniform(0.8, 1.2) - took / 1000))
        await self.client.aclose()


async def _devices(host: str, port: int, mns: list[str], until: float) -> int:
    """Minute packets at a steady pace; how many were acknowledged."""
    from benchmarks.end_to_end import minute_packet

    reader, writer = await asyncio.open_connection(host, port)
    acknowledged = 0

    async def count() -> None:
        nonlocal acknowledged
        while data := await reader.read(65536):
            acknowledged += data.count(b"CN=9014")

    counting = asyncio.create_task(count())
    when = datetime.now().replace(second=0, microsecond=0) - timedelta(days=2)
    number, begun = 0, time.perf_counter()
    while time.perf_counter() < until:
        for _ in range(PACKETS // 5):
            moment = when + timedelta(minutes=number // len(mns))
            writer.write(minute_packet(mns[number % len(mns)], moment, number))
            number += 1
        await writer.drain()
        await asyncio.sleep(max(0.0, begun + number / PACKETS - time.perf_counter()))
    await asyncio.sleep(2)
    counting.cancel()
    writer.close()
    return acknowledged


def load(http: str, device: tuple[str, int], facts: dict[str, Any], given: Any, pipe: Any) -> None:
    """The generator's process."""

    async def run() -> tuple[list[Any], int]:
        until = time.perf_counter() + given.minutes * 60
        told: list[Any] = []
        sessions = (facts["sessions"] * (given.people // len(facts["sessions"]) + 1))[
            : given.people
        ]
        people = [Person(http, s, facts, n) for n, s in enumerate(sessions)]
        work = [p.work(until, given.pause, told) for p in people]
        _, packets = await asyncio.gather(
            asyncio.gather(*work), _devices(*device, facts["mns"], until)
        )
        return told, packets

    told, packets = asyncio.run(run())
    pipe.send((told, packets, time.process_time()))


def importing(
    checkout: Path, data: Path, until: float, folder: Path
) -> tuple[subprocess.Popen[bytes], Path]:
    """One import after the other, by command, through the server."""
    file = folder / "ledger.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("序号", "来源类别", "问题", "属地", "整改时限"))
        for n in range(ROWS):
            writer.writerow(
                (
                    f"DR-{n}",
                    "自查发现",
                    f"雨污分流不到位 {n}",
                    pages_data.TOWNS[n % 20][0],
                    "2026-12-31",
                )
            )
    script = (
        f"import subprocess,sys,time\nend=time.time()+{until}\n"
        "while time.time()<end:\n"
        f" subprocess.run([sys.executable,'-m','ecoledger','enter','problem',{str(file)!r},"
        f"'--data',{str(data)!r},'--again'],stdout=subprocess.DEVNULL)\n time.sleep(1)\n"
    )
    return subprocess.Popen([sys.executable, "-c", script], env=_environment(checkout)), file


def _environment(checkout: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ECOLEDGER", "DJANGO"))}
    return {**kept, "PYTHONPATH": f"{checkout / 'src'}:{HERE}", "PYTHONUNBUFFERED": "1"}


def _serve(checkout: Path, data: Path) -> tuple[subprocess.Popen[str], str, tuple[str, int]]:
    log = (data.parent / "server.log").open("a")
    process = subprocess.Popen(
        [sys.executable, "-m", "ecoledger.cli.serve", "--data", str(data),
         "--http", "127.0.0.1:0", "--hj212", "127.0.0.1:0"],
        stdout=subprocess.PIPE, stderr=log, text=True, env=_environment(checkout),
    )  # fmt: skip
    ready = json.loads(process.stdout.readline() if process.stdout else "")
    host, port = ready["hj212"].rsplit(":", 1)
    return process, ready["http"].rstrip("/"), (host, int(port))


def counts_that_differ(http: str, facts: dict[str, Any], data: Path) -> list[str]:
    """Counts as pages show them beside the same counted by plain SQL."""
    base = sqlite3.connect(f"file:{data / 'business.sqlite3'}?mode=ro", uri=True)
    rows = (
        "FROM matters_matter m JOIN problems_problem p ON p.matter_ptr_id = m.id "
        "WHERE m.withdrawn_at IS NULL AND m.merged_into_id IS NULL AND m.circulation <> 'restricted'"
    )
    town = facts["towns"][0]
    person = next(s["person"] for s in facts["sessions"] if s["role"] == "town")
    # Who works for a town sees what lies in it, and what he or his unit was given elsewhere.
    unit = f"(SELECT organisation_id FROM accounts_person WHERE id = {person})"
    asked = [
        ("leader", "/matters/problem?exact=1", f"SELECT count(*) {rows}"),
        ("leader", "/matters/problem?exact=1&state=rectifying",
         f"SELECT count(*) {rows} AND m.state = 'rectifying'"),
        ("town", "/matters/problem?exact=1",
         f"SELECT count(*) {rows} AND (m.area_code LIKE '{town}%' OR m.owner_id = {person} "
         f"OR m.owner_organisation_id = {unit})"),
        ("leader", f"/enterprises?exact=1&area_code={town}",
         f"SELECT count(*) FROM entities_entity WHERE kind='enterprise' AND area_code LIKE '{town}%'"),
    ]  # fmt: skip
    odd = []
    for role, address, sql in asked:
        session = next(s for s in facts["sessions"] if s["role"] == role)
        cookies = {"sessionid": session["session"]}
        text = httpx.get(http + address, cookies=cookies, timeout=120, follow_redirects=True).text
        match = re.search(r"共\s*([\d,]+)\s*(?:件|条)", text)
        shown = int(match[1].replace(",", "")) if match else None
        held = base.execute(sql).fetchone()[0]
        if shown != held:
            odd.append(f"{address} as {role}: page {shown}, SQL {held}")
    return odd


TYPED = 20  # names and as many initials, letter by letter


def keystrokes(http: str, facts: dict[str, Any]) -> dict[str, float]:
    """Milliseconds of the search for each keystroke, of somebody who sees the county and somebody of one town."""
    times = []
    for role in ("leader", "town"):
        session = next(s for s in facts["sessions"] if s["role"] == role)
        cookies = {"sessionid": session["session"]}
        with httpx.Client(base_url=http, cookies=cookies, timeout=120) as client:
            words = facts["words"][:TYPED] + facts["initials"][:TYPED]
            for typed in (word[: n + 1] for word in words for n in range(len(word))):
                begun = time.perf_counter()
                client.get("/search/hits", params={"q": typed}).raise_for_status()
                times.append((time.perf_counter() - begun) * 1000)
    return _percentiles(times)


def measure(checkout: Path, folder: Path, given: Any) -> dict[str, Any]:
    """Set up (or take what is there) and measure one build."""
    data, facts_file = folder / "data", folder / "facts.json"
    if not facts_file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "benchmarks.pages_data", str(data), str(given.scale),
             str(given.observations), str(facts_file)],
            check=True, env=_environment(checkout), cwd=HERE,
        )  # fmt: skip
    again = ["-m", "benchmarks.pages_data", "--sign-in-again", str(data), str(facts_file)]
    subprocess.run([sys.executable, *again], check=True, env=_environment(checkout), cwd=HERE)
    facts = json.loads(facts_file.read_text())
    process, http, device = _serve(checkout, data)
    try:
        odd = counts_that_differ(http, facts, data) if not given.no_counts else []
        ours, theirs = multiprocessing.Pipe()
        entering = None
        if not given.no_import:
            entering, _ = importing(checkout, data, given.minutes * 60, folder)
        begun, before = time.perf_counter(), _processor(process.pid)
        generator = multiprocessing.Process(target=load, args=(http, device, facts, given, theirs))
        generator.start()
        told, packets, used = ours.recv()
        served = _processor(process.pid)
        took = time.perf_counter() - begun
        generator.join()
        if entering is not None:
            entering.terminate()
            entering.wait()
        typed = keystrokes(http, facts)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:  # an import that was begun is not broken off
            process.kill()
    return {
        "build": str(checkout),
        "matters": facts["counts"]["matters"],
        "entities": facts["counts"]["entities"],
        "observations": facts["counts"]["observations"],
        "requests": len(told),
        "milliseconds": _table(told),
        "keystrokes": typed,
        "failed": [f"{status} {address}" for _, _, status, address in told if status >= 400][:10],
        "counts_that_differ": odd,
        "packets_acknowledged": packets,
        "generator_cpu_share": round(used / took, 3),
        "server_cpu_share": round((served - before) / took, 3),
    }


def _processor(pid: int) -> float:
    """Seconds of processor that a process has used, without those it started."""
    text = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(text[11]) + int(text[12])) / os.sysconf("SC_CLK_TCK")


def _table(told: list[Any]) -> dict[str, dict[str, float]]:
    by_kind: dict[str, list[float]] = {}
    for kind, took, _status, _address in told:
        by_kind.setdefault(kind, []).append(took)
    pages = [took for kind, took, _s, _a in told if kind != "write"]
    rows = {kind: _percentiles(by_kind[kind]) for kind in sorted(by_kind)}
    return rows | {"all pages": _percentiles(pages)}


def _percentiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    at95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {
        "n": len(ordered),
        "p50": round(statistics.median(ordered)),
        "p95": round(at95),
        "worst": round(ordered[-1]),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--observations", type=int, help="instead of 100 million times the scale")
    options.add_argument("--minutes", type=float, default=3.0)
    options.add_argument("--people", type=int, default=50)
    options.add_argument("--pause", type=float, default=PAUSE)
    options.add_argument("--against", type=Path, help="another checkout of the project")
    options.add_argument("--folder", type=Path, help="keep the data here and use it again")
    options.add_argument("--no-import", action="store_true")
    options.add_argument("--no-counts", action="store_true")
    given = options.parse_args()
    if given.observations is None:
        given.observations = int(100_000_000 * given.scale)
    with tempfile.TemporaryDirectory() as temporary:
        root = given.folder or Path(temporary)
        for name, checkout in (("this", HERE), ("against", given.against)):
            if checkout is not None:
                print(
                    json.dumps(measure(checkout.resolve(), root / name, given), ensure_ascii=False)
                )


if __name__ == "__main__":
    main()

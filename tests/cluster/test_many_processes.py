"""Many web processes on one PostgreSQL: numbers are unique, chains whole, and nobody is told of a fault."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cluster import places
from tests.cluster.roles import PATIENCE
from tests.path import county

PROCESSES, EACH = 5, 20
SETUP = """
import json, random, sys
from pathlib import Path
from ecoledger.cli import data_folder
data_folder.use(Path(sys.argv[1]), make=True)
"""
# One web process at work: opens problems, and writes on those that others opened, on one above all.
WORK = (
    SETUP
    + """
from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.registers.problems.problem_ledger import REGISTER
number, each = int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(number)
officer = Person.objects.get(username="officer")
dispatcher = Person.objects.get(username="dispatcher")
first = Matter.objects.order_by("pk").first().pk
print("ready", flush=True)
sys.stdin.readline()
faults, notes = [], 0
for n in range(each):
    try:
        values = {"title": f"{number}-{n}", "area_code": "990101001", "origin_kind": "self"}
        actions.open_matter(REGISTER, values, by=officer)
        actions.note(first, f"{number}-{n}", by=dispatcher)
        some = draw.choice(list(Matter.objects.values_list("pk", flat=True)))
        actions.assign(some, by=dispatcher, person=officer)
        audit.record(dispatcher, "viewed", details={"z": n, "a": number})
    except Exception as error:
        faults.append(f"{type(error).__name__}: {error}")
print(json.dumps(faults))
"""
)
FIRST = """
from ecoledger.accounts.models import Person
from ecoledger.matters import actions
from ecoledger.registers.problems.problem_ledger import REGISTER
values = {"title": "first", "area_code": "990101001", "origin_kind": "self"}
actions.open_matter(REGISTER, values, by=Person.objects.get(username="officer"))
"""
LOOK = (
    SETUP
    + """
from ecoledger.accounts import audit
from ecoledger.accounts.models import AuditEntry
from ecoledger.matters import chain
from ecoledger.matters.models import Event, Matter
print(json.dumps({
    "numbers": list(Matter.objects.order_by("pk").values_list("number", flat=True)),
    "notes": Event.objects.filter(note__contains="-").count(),
    "events": Event.objects.count(),
    "audit": None if audit.first_broken() is None else audit.first_broken().why,
    "chain": None if chain.first_broken_overall() is None else chain.first_broken_overall().why,
    "out_of_step": list(chain.out_of_step()),
}))
"""
)


def run(script: str, folder: Path, environment: dict[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        check=True, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    return json.loads(done.stdout) if done.stdout else None


def test_five_processes_write_at_once(new_database: Callable[[], str], tmp_path: Path) -> None:
    folder = tmp_path / "data"
    address = new_database()
    environment = places.on(address)
    build = SETUP + "data_folder.migrate()\n" + county.call("build") + FIRST
    run(build, folder, environment)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORK, str(folder), str(number), str(EACH)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )
        for number in range(PROCESSES)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    faults = [json.loads(process.communicate(timeout=PATIENCE)[0]) for process in processes]
    assert faults == [[]] * PROCESSES

    seen = run(LOOK, folder, environment)
    opened = PROCESSES * EACH + 1
    assert len(set(seen["numbers"])) == len(seen["numbers"]) == opened
    assert sorted(int(n.rpartition("〕")[2].removesuffix("号")) for n in seen["numbers"]) == list(
        range(1, opened + 1)
    )
    assert seen["notes"] >= PROCESSES * EACH
    assert (seen["chain"], seen["audit"], seen["out_of_step"]) == (None, None, [])

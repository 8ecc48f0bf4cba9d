"""The large book that ``benchmarks.pages`` measures on: matters, entities, people and observations, in bulk.

    python -m benchmarks.pages_data FOLDER SCALE OBSERVATIONS FACTS

Written past the actions, because only the size matters here; what people would see is the same.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

COUNTY = "990101"
TOWNS = [(f"{COUNTY}{n:03}", f"{a}{b}镇") for n, (a, b) in enumerate(
    [(a, b) for a in "石清南北东" for b in "桥溪岭湖"], 1)]  # fmt: skip
MATTERS, ENTITIES, POINTS = 200_000, 100_000, 400
ROLES = ("leader", "section_chief", "dispatcher", "monitor", "officer", "approver", "town", "grid",
         "enterprise", "third_party")  # fmt: skip
SYLLABLES = "安博昌德丰广恒华佳康力茂宁鹏启荣盛泰旺鑫扬裕振志中卓"
TRADES = ("钢构", "家居", "鞋业", "印务", "汽修", "塑业", "五金", "喷涂", "食品", "化工")
PORTION = 5000
FACTORS = ["a34004", "a34002", "a21026", "a21004", "a21005", "a05024", "a01001", "a01002", "a01006",
           "a01007"]  # fmt: skip


def portions(number: int) -> Iterator[range]:
    for first in range(0, number, PORTION):
        yield range(first, min(first + PORTION, number))


def insert(model: Any, parent: Any, things: list[Any]) -> None:
    """Rows of a model that extends another table: Django's own bulk insertion stops at those."""
    for thing in things:
        if hasattr(thing, "place"):
            thing.place()
        if getattr(thing, "KIND", ""):
            thing.kind = thing.KIND
    names = [f.attname for f in parent._meta.concrete_fields]
    heads = [parent(**{name: getattr(thing, name) for name in names}) for thing in things]
    parent.objects.bulk_create(heads)
    link = model._meta.get_ancestor_link(parent).attname
    for thing, head in zip(things, heads, strict=True):
        thing.pk = head.pk
        setattr(thing, link, head.pk)
    model._base_manager.all()._batched_insert(things, model._meta.local_concrete_fields, None)


def entities(number: int, random_: random.Random) -> list[int]:
    """Enterprises and their outlets, three to two; primary keys of some enterprises."""
    from ecoledger.entities.models import Area, Enterprise, Entity, Outlet

    Area.objects.create(code=COUNTY, name="清溪县", level="county")
    for code, name in TOWNS:
        Area.objects.create(code=code, name=name, level="town")
    firms = number * 3 // 5
    keys: list[int] = []
    for part in portions(firms):
        things = []
        for n in part:
            name = "".join(random_.choice(SYLLABLES) for _ in range(3))
            things.append(
                Enterprise(
                    code=f"E-{n:06}", name=f"{name}{random_.choice(TRADES)}有限公司",
                    area_code=TOWNS[n % 20][0], address=f"{TOWNS[n % 20][1]}工业路{n % 500}号",
                    lon=118.5 + random_.random() * 0.4, lat=24.7 + random_.random() * 0.4,
                    uscc=f"91990101MA{n:08}", industry=random_.choice(TRADES), is_key=n % 50 == 0,
                )
            )  # fmt: skip
        insert(Enterprise, Entity, things)
        keys += [thing.pk for thing in things]
    for part in portions(number - firms):
        things = [
            Outlet(
                code=f"E-{n:06}-DA001", name=f"{n} 号排气筒", area_code=TOWNS[n % 20][0],
                parent_id=keys[n], number="DA001", medium="gas",
            )
            for n in part
        ]  # fmt: skip
        insert(Outlet, Entity, things)
    return keys


def people(firms: list[int]) -> list[dict[str, Any]]:
    """Five people a role, each signed in; scopes from the whole county down to one town or firm."""
    from ecoledger.accounts.models import Organisation, Person
    from ecoledger.entities.models import Enterprise

    bureau = Organisation.objects.create(name="清溪县生态环境局", kind="bureau", area_code=COUNTY)
    towns = [
        Organisation.objects.create(name=f"{name}人民政府", kind="town", area_code=code)
        for code, name in TOWNS
    ]
    server = Organisation.objects.create(name="清源检测公司", kind="third_party", area_code=COUNTY)
    sessions = []
    for role in ROLES:
        for n in range(5):
            areas, where = [COUNTY], bureau
            if role in ("town", "grid"):
                areas, where = [TOWNS[n][0]], towns[n]
            elif role == "third_party":
                where = server
            elif role == "enterprise":
                firm = Enterprise.objects.get(pk=firms[n])
                areas = []
                where = Organisation.objects.create(
                    name=f"{firm.name}{n}", kind="enterprise", area_code=firm.area_code,
                    entity_code=firm.code,
                )  # fmt: skip
            person = Person(
                username=f"{role}{n}", name=f"{role}{n}", roles=[role], area_codes=areas,
                organisation=where, certificate_no="ZF",
            )  # fmt: skip
            person.set_unusable_password()
            person.save()
            sessions.append({"role": role, "session": signed_in(person), "person": person.pk})
    return sessions


def signed_in(person: Any) -> str:
    """The key of a session of their own."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.create()
    return store.session_key or ""


def known(person: Any, matters: list[int], firms: list[int]) -> dict[str, list[int]]:
    """Problems and enterprises that the person has to do with: of those given, or their own few."""
    from ecoledger.accounts.scope import visible
    from ecoledger.entities.models import Enterprise
    from ecoledger.matters.register import visible_matters

    problems = visible_matters(person).filter(register="problem").order_by("pk")
    own = visible(Enterprise.objects.order_by("pk"), person, "area_code", "code")
    keys = problems.values_list("pk", flat=True)
    of_firms = own.values_list("pk", flat=True)
    return {
        "matters": list(keys.filter(pk__in=matters)) or list(keys[:50]),
        "entities": list(of_firms.filter(pk__in=firms)) or list(of_firms[:50]),
    }


def sign_in_again(data: Path, facts_file: Path) -> None:
    """Data that were set up earlier: who has sat still since then was signed out."""
    from ecoledger.cli import data_folder

    data_folder.use(data)
    from ecoledger.accounts.models import Person

    facts = json.loads(facts_file.read_text(encoding="utf-8"))
    for session in facts["sessions"]:
        person = Person.objects.get(pk=session["person"])
        session["session"] = signed_in(person)
        session |= known(person, facts["matters"], facts["entities"])
    facts_file.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")


def matters(
    number: int, firms: list[int], sessions: list[Any], random_: random.Random
) -> list[Any]:
    """Problems and projects of three years, each with events and a clock; one in seven in hand."""
    from django.utils import timezone

    from ecoledger.accounts.models import Organisation
    from ecoledger.matters.models import Clock, Event, Matter
    from ecoledger.matters.register import register_of
    from ecoledger.matters.workflow import Phase

    now = timezone.now()
    units = list(
        Organisation.objects.filter(kind="town").order_by("pk").values_list("pk", flat=True)
    )
    officers = [s["person"] for s in sessions if s["role"] in ("officer", "town", "dispatcher")]
    shares = (("problem", number * 7 // 10), ("project", number - number * 7 // 10))
    keys: list[int] = []
    for key, wanted in shares:
        register = register_of(key)
        states = register.workflow.states
        live = [s for s in states if s.phase is Phase.OPEN]
        ended = [s for s in states if s.phase is not Phase.OPEN]
        clock = register.workflow.clocks[0]
        for part in portions(wanted):
            made = []
            for n in part:
                state = random_.choice(live if n % 7 == 0 else ended)
                opened = now - timedelta(minutes=3 * n + random_.randint(0, 600))
                thing = register.model(
                    register=key, number=f"{register.label[:2]}〔{opened.year}〕{n + 1}号",
                    title=f"{TOWNS[n % 20][1]}{random_.choice(TRADES)}企业"
                    f"{random_.choice(('油烟扰民', '污水直排', '粉尘外逸', '噪声超标', '台账不全'))}问题",
                    description="群众反映，经现场核实，需限期整改。" * 3,
                    area_code=TOWNS[n % 20][0], address=f"工业路{n % 500}号",
                    entity_id=firms[n % len(firms)], enterprise_id=firms[n % len(firms)],
                    owner_organisation_id=units[n % 20],
                    owner_id=random_.choice(officers) if n % 3 else None,
                    state=state.name, phase=state.phase.value, state_since=opened, opened_at=opened,
                    due=opened + timedelta(days=random_.randint(5, 90)) if state.phase is Phase.OPEN else None,
                    closed_at=None if state.phase is Phase.OPEN else opened + timedelta(days=30),
                    reopened=1 if n % 40 == 0 else 0,
                    circulation="enterprise" if n % 2 else "staff", synthetic=True,
                )  # fmt: skip
                if key == "problem":
                    thing.origin_kind = random_.choice(("central", "petition", "self", "superior"))
                else:
                    thing.planned_finish = (opened + timedelta(days=200)).date()
                    thing.year = opened.year
                made.append(thing)
            insert(register.model, Matter, made)
            keys += [m.pk for m in made if key == "problem"]
            Clock.objects.bulk_create(
                Clock(
                    matter_id=m.pk, name=clock.name, label=str(clock.label), started_at=m.opened_at,
                    due=m.opened_at + timedelta(days=20), unit="day", reminded_at=m.opened_at, overdue_noticed_at=m.opened_at,
                    escalated_at=m.opened_at, length=20,
                    stopped_at=None if m.phase == "open" else m.opened_at + timedelta(days=random_.randint(1, 24)),
                )
                for m in made
            )  # fmt: skip
            events = []
            for m in made:
                for step, (before, after) in enumerate(
                    (("", live[0].name), (live[0].name, m.state))
                ):
                    events.append(
                        Event(
                            matter_id=m.pk, at=m.opened_at + timedelta(days=step), transition="open" if not step else "move",
                            label="登记" if not step else "办理", from_state=before, to_state=after,
                            stayed=random_.randint(600, 900_000) if step else None,
                            person_id=random_.choice(officers),
                            hash=hashlib.sha256(f"{m.pk}-{step}".encode()).hexdigest(),
                        )
                    )  # fmt: skip
            Event.objects.bulk_create(events, batch_size=PORTION)
    return keys


def points(number: int) -> list[str]:
    """Micro stations with ten factors; their MNs."""
    from ecoledger.entities.models import Station
    from ecoledger.monitoring.models import AlarmRule, Point, PointParameter

    AlarmRule.objects.filter(detector="missing").update(enabled=False)
    mns = []
    for n in range(number):
        town = TOWNS[n % 20][0]
        station = Station.objects.create(
            code=f"M-{n}", name=f"微站{n}", area_code=town, medium="air", level="micro",
            counts_in_area=False, lon=118.5 + n / 1000, lat=24.8,
        )  # fmt: skip
        point = Point.objects.create(
            entity=station, kind="air", name=station.name, area_code=town, mn=f"{n:024d}"
        )
        PointParameter.objects.bulk_create(
            PointParameter(
                point=point, code=c, name=c, unit="µg/m³", device_unit="µg/m³", interval_seconds=60
            )
            for c in FACTORS
        )
        mns.append(point.mn)
    return mns


def observations(wanted: int, data: Path) -> int:
    """Nine minutes to one hour of many points, up to now, in the order of time as devices send them.

    What they touch is not worked through again.
    """
    import numpy as np
    import polars as pl

    from ecoledger.monitoring.models import Point
    from ecoledger.monitoring.runtime import opened

    keys = list(Point.objects.order_by("pk").values_list("pk", flat=True))
    each = max(10, wanted // (len(keys) * len(FACTORS)))
    now = np.datetime64(datetime.now().replace(minute=0, second=0, microsecond=0), "us")
    generator, stored = np.random.default_rng(7), 0
    spans = (("hour", 3600, each // 10, 24), ("minute", 60, each - each // 10, 60))
    with opened(data / "observations.duckdb") as store:
        for series, seconds, number, at_once in spans:
            for first in range(number, 0, -at_once):
                starts = now - np.arange(first, max(0, first - at_once), -1) * np.timedelta64(
                    seconds, "s"
                )
                rows = len(starts) * len(keys) * len(FACTORS)
                table = pl.DataFrame(
                    {
                        "start": np.repeat(starts, len(keys) * len(FACTORS)),
                        "point": np.tile(np.repeat(keys, len(FACTORS)), len(starts)),
                        "parameter": np.tile(FACTORS, len(starts) * len(keys)),
                        "value": generator.uniform(1, 99, rows).round(1),
                    }
                ).with_columns(
                    decimals=pl.lit(1, pl.Int8), flag=pl.lit("N"), seconds=pl.lit(seconds, pl.Int32),
                    series=pl.lit(series),
                )  # fmt: skip
                store.append(observations=table)
                stored += table.height
                while (pending := store.take_pending(1_000_000)).height:
                    store.done_pending(pending)
    return stored


def told(
    sessions: list[Any], firms: list[int], keys: list[int], mns: list[str], stored: int
) -> dict[str, Any]:
    """What the people of the benchmark know: whom they are, and words and numbers they look for."""
    from ecoledger.accounts.models import Person
    from ecoledger.entities.models import Enterprise, Entity
    from ecoledger.listings.pinyin import initials
    from ecoledger.matters.models import Matter

    some = random.Random(7).sample(keys, 500)
    names = list(Enterprise.objects.order_by("pk").values_list("name", flat=True)[:200])
    numbers = list(Matter.objects.order_by("pk").values_list("number", flat=True))
    return {
        "sessions": [
            s | known(Person.objects.get(pk=s["person"]), some, firms[:200]) for s in sessions
        ],
        "towns": [code for code, _name in TOWNS],
        "entities": firms[:200],
        "matters": some,
        "words": [name[:3] for name in names] + ["油烟", "污水直排", "工业路499号", "粉尘"] * 10,
        "initials": [initials(name)[:4] for name in names],
        "numbers": [*numbers[:: max(1, len(numbers) // 50)], *(str(n) for n in range(100, 120))],
        "pages": max(101, min(len(keys), len(firms)) // 50 - 1),
        "mns": mns,
        "counts": {
            "matters": len(numbers),
            "entities": Entity.objects.count(),
            "observations": stored,
        },
    }


def main() -> None:
    if sys.argv[1] == "--sign-in-again":
        sign_in_again(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    data, scale, wanted, facts = (
        Path(sys.argv[1]),
        float(sys.argv[2]),
        int(sys.argv[3]),
        Path(sys.argv[4]),
    )
    from ecoledger.cli import data_folder

    data_folder.use(data, make=True)
    data_folder.migrate()
    from django.db import connection, transaction

    from ecoledger.web.search import index

    random_ = random.Random(7)
    n_matters, n_entities = int(MATTERS * scale), int(ENTITIES * scale)
    with transaction.atomic():
        firms = entities(n_entities, random_)
        sessions = people(firms)
        keys = matters(n_matters, firms, sessions, random_)
        mns = points(max(20, int(POINTS * min(1.0, scale))))
    index.catch_up()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if "--analyse" in sys.argv else "PRAGMA optimize")
    stored = observations(wanted, data) if wanted else 0
    facts.write_text(
        json.dumps(told(sessions, firms, keys, mns, stored), ensure_ascii=False), encoding="utf-8"
    )


if __name__ == "__main__":
    main()

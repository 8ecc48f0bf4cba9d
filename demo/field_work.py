"""The year of the grid and of complaints, synthetic: cells in three levels, 5,932 patrols, 1,632 events, 357 complaints
with twenty-two chains of repeats, 351 letters of an inspectorate in 31 batches of which 47 in 19 are the city's own.

What is over comes in as a ledger of history, in bulk; the last weeks' stand as work in hand.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from demo import city
from demo.work import aware, person, picture
from ecoledger.accounts.models import Organisation
from ecoledger.matters import actions, history
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.complaints.register import REGISTER as COMPLAINTS
from ecoledger.registers.grid.cells import GridCell
from ecoledger.registers.grid.events import REGISTER as EVENTS
from ecoledger.registers.grid.events import GridEvent
from ecoledger.registers.grid.patrol_services import SERVICES
from ecoledger.registers.grid.patrols import PATROLS, Patrol
from ecoledger.registers.problems.inspectorate import REGISTER as LETTERS
from ecoledger.registers.problems.inspectorate import InspectorateBatch
from ecoledger.web.search.index import together

PATROLLED, REPORTED, COMPLAINED, CHAINS = 5_932, 1_632, 357, 22
# Of the events, those a contractor handed in as clues.
CLUES = 160
OPEN_EVENTS, OPEN_COMPLAINTS = 24, 9
BATCHES, LETTERS_OF_ALL, OWN_BATCHES, OWN = 31, 351, 19, 47
REPEATED, RECTIFIED = 20, 22
_SEEN = (
    "露天焚烧秸秆",
    "工地裸土未覆盖",
    "餐饮油烟直排",
    "河边倾倒垃圾",
    "污水口晴天出水",
    "夜间施工噪声",
)
_TOLD = (
    ("喷漆气味刺鼻", "air", "汽修店"), ("夜间噪声扰民", "noise", "五金加工点"), ("油烟扰民", "air", "烧烤店"),
    ("污水直排河道", "water", "洗涤作坊"), ("粉尘扬散", "air", "石材加工点"), ("废塑料堆放", "waste", "回收站"),
)  # fmt: skip


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module; returns how many of each."""
    generator = random.Random(f"{city.SEED}-field-work")
    towns = {
        code: Organisation.objects.get(kind="town", area_code=code) for code, _name in city.TOWNS
    }
    with transaction.atomic():
        cells = _cells()
        patrols = _patrols(generator, cells, now)
    with transaction.atomic():
        events = _events(generator, cells, towns, now)
    with transaction.atomic():
        complaints = _complaints(generator, towns, now)
        letters = _letters(generator, towns, now)
    return {"巡查": patrols, "网格事件": events, "信访": complaints, "督察件": letters}


# ---- the grid ------------------------------------------------------------------------------------


def _cells() -> list[GridCell]:
    """The city, its towns and three villages' cells a town; the villages' cells."""
    top = GridCell.objects.create(
        code="G-0", name="安澜市一级网格", level="county", area_code=city.CITY_CODE, synthetic=True
    )
    villages = []
    for index, (code, name) in enumerate(city.TOWNS):
        town = GridCell.objects.create(
            code=f"G-{index + 1}", name=f"{name}二级网格", level="town", upper=top, area_code=code,
            geometry=city.town_polygon(index), synthetic=True,
        )  # fmt: skip
        lon, lat = city.town_centre(code)
        villages += [
            GridCell.objects.create(
                code=f"G-{index + 1}-{n + 1}", name=f"{name}第{'一二三'[n]}网格", level="village",
                upper=town, area_code=code, lon=lon + (n - 1) * 0.02, lat=lat, patrols_a_month=20, synthetic=True,
            )
            for n in range(3)
        ]  # fmt: skip
    return villages


def _patrols(generator: random.Random, cells: list[GridCell], now: datetime) -> int:
    walkers = {cell.pk: f"网格员{n + 1:02d}（演示）" for n, cell in enumerate(cells)}
    clerk = person("diaodu")
    for number in range(PATROLLED):
        cell = cells[number % len(cells)]
        at = aware(now - timedelta(hours=generator.randint(2, 24 * 300)))
        problems = int(generator.random() < 0.2)
        Patrol.objects.create(
            book=PATROLS.key, entity=cell, area_code=cell.area_code, at=at, by=clerk,
            recorded_at=at, ended_at=at + timedelta(minutes=40), walker=walkers[cell.pk],
            patrol_no=f"XC-{number + 1:05d}", problems=problems, settled=problems,
            note="发现问题，当场劝导整改。" if problems else "未发现问题。",
        )  # fmt: skip
    return PATROLLED


def _events(
    generator: random.Random, cells: list[GridCell], towns: dict[str, Any], now: datetime
) -> int:
    categories = [value for value in GridEvent.Category.values if value != "other"]
    rows, clues = [], []
    for number in range(REPORTED - OPEN_EVENTS):
        cell = generator.choice(cells)
        of_contractor = number < CLUES
        opened = aware(now - timedelta(hours=generator.randint(24 * 16, 24 * 320)))
        (clues if of_contractor else rows).append(
            {
                "title": generator.choice(_SEEN), "area_code": cell.area_code, "cell": cell,
                "event_no": f"SJ-{number + 1:05d}", "category": generator.choice(categories),
                "source": "contractor" if of_contractor else "patrol" if number % 5 else "public",
                "truth": "true",
                "owner_organisation": towns[cell.area_code], "handling": "已现场处置。",
                "opened_at": opened, "closed_at": opened + timedelta(hours=generator.randint(3, 96)),
                "synthetic": True,
            }
        )  # fmt: skip
    for clue in clues[::8]:
        clue |= {"state": "void", "truth": "false", "handling": ""}
    for own, by in ((rows, "diaodu"), (clues, "xuncha")):
        own.sort(key=lambda row: row["opened_at"])
        history.enter(EVENTS, own, by=person(by), source="网格事件台账（演示）")
    _services(now)
    for _number in range(OPEN_EVENTS):
        cell = generator.choice(cells)
        actions.open_matter(
            EVENTS,
            {"title": generator.choice(_SEEN), "area_code": cell.area_code, "cell": cell,
             "category": generator.choice(categories), "source": "patrol", "synthetic": True},
            by=person("diaodu"),
            at=aware(now - timedelta(hours=generator.randint(1, 40))),
        )  # fmt: skip
    return REPORTED


def _services(now: datetime) -> None:
    """The contractor's two half years: one accepted by what its clues came to, one that waits for it."""
    desk, today = person("diaodu"), now.date()
    contractor = person("xuncha").organisation
    for n, (begin, end) in enumerate(((320, 160), (160, 2))):
        service = actions.open_matter(
            SERVICES,
            {"title": f"大气专业巡查服务第{'一二'[n]}期（合成）", "area_code": city.CITY_CODE, "contractor": contractor,
             "contract_no": f"XC-{n + 1:02}（演示）", "begin": today - timedelta(days=begin),
             "end": today - timedelta(days=end), "clues_agreed": 50, "true_agreed": 80, "synthetic": True},
            by=desk, at=aware(now - timedelta(days=begin)),
        )  # fmt: skip
        at = aware(now - timedelta(days=end - 1))
        form = {"summary": "按合同巡查，线索逐件核实。"}
        files = [picture(f"patrol service {n + 1}")]
        actions.perform(service.pk, "ask", by=desk, form=form, files=files, at=at)
        if n == 0:
            form = {"verdict": "属实线索数和属实率达到约定，验收通过。"}
            actions.perform(
                service.pk, "accept", by=person("juzhang"), form=form, at=at + timedelta(days=6)
            )


# ---- complaints and the inspectorate's letters ---------------------------------------------------


def _complaints(generator: random.Random, towns: dict[str, Any], now: datetime) -> int:
    """Of the closed ones, 22 are told again once: other words, the same trade and place."""
    rows: list[dict[str, Any]] = []
    wanted = COMPLAINED - OPEN_COMPLAINTS
    for number in range(wanted - CHAINS):
        town = city.TOWNS[number % len(city.TOWNS)][0]
        what, kind, target = generator.choice(_TOLD)
        opened = aware(now - timedelta(hours=generator.randint(24 * 70, 24 * 320)))
        rows.append(_complaint(number, town, what, kind, target, opened, towns[town], generator))
    for number in range(CHAINS):
        first = rows[number * 7]
        opened = first["opened_at"] + timedelta(days=generator.randint(3, 50))
        again = {
            **first,
            "source_no": f"TS-{wanted - CHAINS + number + 1:05d}",
            "opened_at": opened,
        }
        rows.append(
            again
            | {"title": f"{first['title']}，问题仍未解决", "closed_at": opened + timedelta(days=9)}
        )
    rows.sort(key=lambda row: row["opened_at"])
    made = history.enter(COMPLAINTS, rows, by=person("diaodu"), source="信访投诉台账（演示）")
    _chain(made)
    for number in range(OPEN_COMPLAINTS):
        town = city.TOWNS[number][0]
        what, kind, target = generator.choice(_TOLD)
        actions.open_matter(
            COMPLAINTS,
            {"title": f"{target}{what}", "description": f"举报{target}{what}。", "area_code": town,
             "address": f"示例路{number + 1}号", "pollution": [kind], "channel": "hotline",
             "target": f"{target}（演示）", "synthetic": True},
            by=person("diaodu"),
            at=aware(now - timedelta(hours=generator.randint(1, 90))),
        )  # fmt: skip
    return COMPLAINED


def _chain(made: list[Any]) -> None:
    """What was told again stands with what it repeats."""
    first: dict[tuple[str, str, str], Any] = {}
    for row in made:
        known = first.setdefault((row.area_code, row.address, row.description), row)
        if known is not row and row.title.endswith("仍未解决"):
            why = "同一企业、同一地址、同类问题"
            actions.merge([row.pk], known.pk, by=person("diaodu"), reason=why, at=row.opened_at)


def _complaint(
    number: int, town: str, what: str, kind: str, target: str, opened: datetime, owner: Any,
    generator: random.Random,
) -> dict[str, Any]:  # fmt: skip
    return {
        "title": f"{target}{what}", "description": f"举报{target}{what}，要求查处。", "area_code": town,
        "source_no": f"TS-{number + 1:05d}", "channel": generator.choice(Complaint.Channel.values[:4]),
        "address": f"示例路{number % 60 + 1}号", "pollution": [kind], "target": f"{target}（演示）",
        "owner_organisation": owner, "accepted_at": opened + timedelta(days=1),
        "verdict": generator.choice(("true", "true", "partly", "unfounded")),
        "findings": "现场检查，已责令整改。", "answer": "已答复举报人。",
        "satisfaction": generator.choice(("satisfied", "satisfied", "fairly", "dissatisfied")),
        "opened_at": opened, "closed_at": opened + timedelta(days=generator.randint(3, 28)),
        "synthetic": True, "real_name": number % 6 == 0,
        "complainant": f"实名举报人{number + 1}（合成）" if number % 6 == 0 else "",
    }  # fmt: skip


def _letters(generator: random.Random, towns: dict[str, Any], now: datetime) -> int:
    """31 batches of 351 letters to the region; 47 in 19 batches are the city's, 20 of them repeat others."""
    first = timezone.localdate(aware(now)) - timedelta(days=170)
    shares = [LETTERS_OF_ALL // BATCHES + (n < LETTERS_OF_ALL % BATCHES) for n in range(BATCHES)]
    for n, total in enumerate(shares):
        InspectorateBatch.objects.create(
            area_code=city.CITY_CODE, round="省督察（演示）", number=n + 1, total=total,
            received_on=first + timedelta(days=n), synthetic=True,
        )  # fmt: skip
    rows, distinct = [], OWN - REPEATED
    for number in range(OWN):
        # The last twenty repeat one of the others.
        of = number % distinct
        batch = number % OWN_BATCHES + 1
        town = city.TOWNS[of % len(city.TOWNS)][0]
        what, kind, target = _TOLD[of % len(_TOLD)]
        opened = aware(datetime.combine(first + timedelta(days=batch - 1), now.time()))
        over = of < RECTIFIED or of == distinct - 1 or number >= distinct
        row = {
            "title": f"{target}{what}", "description": f"群众反映{target}{what}。", "area_code": town,
            "letter_no": f"DC-{number + 1:04d}", "round": "省督察（演示）", "batch_no": batch,
            "kinds": [kind], "owner_organisation": towns[town], "key_item": number < 4,
            "verdict": ("true", "true", "partly")[of % 3], "findings": "现场核查，情况属实。",
            "handling": "已责令整改，完成清理。" if over else "正在实施治理工程。", "opened_at": opened,
            "finish": "done" if over else "stage", "orders": int(of % 2 == 0), "synthetic": True,
            "deadline": (opened + timedelta(days=60 if over else 240)).date(), "ended": over,
        }  # fmt: skip
        if over:
            row["closed_at"] = opened + timedelta(days=45)
        if of == distinct - 1 and number < distinct:
            row |= {
                "state": "unfounded",
                "verdict": "unfounded",
                "findings": "未发现所反映的问题。",
            }
        rows.append(row)
    made = history.enter(LETTERS, rows, by=person("diaodu"), source="督察信访件台账（演示）")
    for number in range(distinct, OWN):
        actions.merge(
            [made[number].pk],
            made[number % distinct].pk,
            by=person("diaodu"),
            reason="同一问题重复举报",
        )
    return OWN

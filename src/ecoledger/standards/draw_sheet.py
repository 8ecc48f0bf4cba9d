"""The publication sheet of a random draw: everything needed to draw again, as JSON or CSV, and the check of it.

A sheet is a mapping with ``method``, ``name``, ``lists_sha256``, ``other_district``, ``objects``, ``inspectors``,
``quotas``, ``draws`` (every one, thrown away or not, each with ``seed``, ``at``, ``discarded`` and ``result``) and
``replacements``. Cells of the CSV are the same, one kind of row after another, told by the first column.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ecoledger.standards import drawing
from ecoledger.standards.drawing import METHOD, Candidate, Inspector, Lists, Quota
from ecoledger.standards.written_csv import uncell, written

Sheet = Mapping[str, Any]
# First cell of a CSV row -> the names of its other cells.
ROWS = {
    "抽查": ("name", "method", "lists_sha256", "frozen_at", "other_district"),
    "对象": ("code", "name", "tier", "weight", "district"),
    "检查人员": ("code", "name", "district", "avoids"),
    "份额": ("tier", "count", "of", "share"),
    "抽取": ("n", "seed", "at", "discarded"),
    "抽中": ("n", "object", "tier", "inspectors"),
    "替换": ("at", "what", "object", "old", "new", "reason"),
    "结果": ("object", "on", "inspectors", "outcome", "handled"),
}


class SheetError(ValueError):
    """The file is no publication sheet; the message says what is missing."""


def lists_of(sheet: Sheet) -> Lists:
    """The frozen lists of a sheet. Raises :class:`SheetError`."""
    try:
        return Lists(
            tuple(
                Candidate(o["code"], o["name"], o["tier"], int(o["weight"]), o.get("district", ""))
                for o in sheet["objects"]
            ),
            tuple(
                Inspector(i["code"], i["name"], i.get("district", ""), tuple(i.get("avoids", ())))
                for i in sheet["inspectors"]
            ),
            tuple(
                Quota(q["tier"], int(q["count"]), int(q["of"]), q.get("share", ""))
                for q in sheet["quotas"]
            ),
            bool(sheet.get("other_district")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SheetError(f"公示表缺少或写错了：{error}") from error


def of_lists(lists: Lists) -> dict[str, Any]:
    """The part of a sheet that is frozen."""
    return {
        "method": METHOD,
        "other_district": lists.other_district,
        "lists_sha256": lists.sha256,
        "objects": [
            {
                "code": o.code,
                "name": o.name,
                "tier": o.tier,
                "weight": o.weight,
                "district": o.district,
            }
            for o in lists.objects
        ],
        "inspectors": [
            {"code": i.code, "name": i.name, "district": i.district, "avoids": list(i.avoids)}
            for i in lists.inspectors
        ],
        "quotas": [
            {"tier": q.tier, "count": q.count, "of": q.of, "share": q.share} for q in lists.quotas
        ],
    }


def of_result(result: drawing.Result) -> list[dict[str, Any]]:
    """A draw's result as a sheet holds it."""
    return [
        {"object": d.object, "tier": d.tier, "inspectors": list(d.inspectors)} for d in result.drawn
    ]


def differences(sheet: Sheet) -> list[str]:
    """Where a sheet does not hold; empty when lists, hash, every draw and every replacement agree.

    Raises :class:`SheetError` for what is no sheet.
    """
    if sheet.get("method") != METHOD:
        raise SheetError(f"抽取方法应为 {METHOD}，文件写的是 {sheet.get('method')!r}")
    lists = lists_of(sheet)
    result = []
    if lists.sha256 != sheet.get("lists_sha256"):
        result.append(f"名单校验值不符：公示 {sheet.get('lists_sha256')}，重算 {lists.sha256}")
    people = len(lists.inspectors)
    for quota in lists.quotas:
        there = sum(o.tier == quota.tier for o in lists.objects)
        if there != quota.of:
            result.append(f"{quota.tier}对象应为 {quota.of} 个，名单中有 {there} 个")
        if quota.share and drawing.count_of(quota.share, quota.of, people) != quota.count:
            result.append(f"{quota.tier}按份额 {quota.share} 应抽数量与公示的 {quota.count} 不符")
    draws = list(sheet.get("draws", ()))
    for n, drawn in enumerate(draws, 1):
        result += _of_draw(lists, drawn, n, last=n == len(draws))
    if len({d.get("seed") for d in draws}) != len(draws):
        result.append("两次抽取用了同一个种子")
    if draws:
        result += _of_replacements(lists, draws[-1], sheet.get("replacements", ()))
    return result


def _of_draw(lists: Lists, drawn: Sheet, n: int, *, last: bool) -> Iterator[str]:
    if int(drawn.get("n", n)) != n:
        yield f"第 {n} 次抽取的序号写作 {drawn.get('n')}，中间有缺失"
    if not last and not drawn.get("discarded"):
        yield f"第 {n} 次抽取之后又抽取，但没有写明作废理由"
    wanted = of_result(drawing.draw(lists, str(drawn.get("seed", ""))))
    shown = [
        {"object": d["object"], "tier": d["tier"], "inspectors": list(d["inspectors"])}
        for d in drawn.get("result", ())
    ]
    for place, (right, said) in enumerate(zip(wanted, shown, strict=False), 1):
        if right["object"] != said["object"]:
            yield f"第 {n} 次抽取第 {place} 个：公示 {said['object']}，重抽 {right['object']}"
        elif right["inspectors"] != said["inspectors"]:
            yield (
                f"第 {n} 次抽取 {said['object']} 的检查人员：公示 {'、'.join(said['inspectors'])}，"
                f"重抽 {'、'.join(right['inspectors'])}"
            )
    if len(wanted) != len(shown):
        yield f"第 {n} 次抽取应有 {len(wanted)} 个，公示 {len(shown)} 个"


def _of_replacements(lists: Lists, drawn: Sheet, replacements: Any) -> Iterator[str]:
    """An object is replaced by the next of its tier's reserve, nobody by choice."""
    reserve = {k: list(v) for k, v in drawing.draw(lists, str(drawn.get("seed"))).reserve.items()}
    tier = {o.code: o.tier for o in lists.objects}
    for change in replacements:
        if not change.get("reason"):
            yield f"{change.get('object')} 的替换没有写明理由"
        if change.get("what") != "object":
            continue
        waiting = reserve.get(tier.get(str(change.get("old")), ""), [])
        right = waiting.pop(0) if waiting else ""
        if change.get("new") != right:
            yield f"{change.get('old')} 应由备选首位 {right or '（无）'} 替换，公示为 {change.get('new')}"


# ---- files ---------------------------------------------------------------------------------------


def to_json(sheet: Sheet) -> str:
    return json.dumps(sheet, ensure_ascii=False, indent=1)


def to_csv(sheet: Sheet) -> str:
    """The sheet as one CSV file, each row beginning with its kind."""
    rows: list[list[str]] = []
    write = rows.append
    head = {**sheet, "other_district": int(bool(sheet.get("other_district")))}
    write(["抽查", *(_cell(head.get(name, "")) for name in ROWS["抽查"])])
    for kind, key in (("对象", "objects"), ("检查人员", "inspectors"), ("份额", "quotas")):
        for row in sheet.get(key, ()):
            write([kind, *(_cell(row.get(name, "")) for name in ROWS[kind])])
    for drawn in sheet.get("draws", ()):
        write(["抽取", *(_cell(drawn.get(name, "")) for name in ROWS["抽取"])])
        for row in drawn.get("result", ()):
            write(
                ["抽中", *(_cell({**row, "n": drawn["n"]}.get(name, "")) for name in ROWS["抽中"])]
            )
    for kind, key in (("替换", "replacements"), ("结果", "results")):
        for row in sheet.get(key, ()):
            write([kind, *(_cell(row.get(name, "")) for name in ROWS[kind])])
    return written(rows)


def _cell(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def read(text: str) -> dict[str, Any]:
    """A sheet from the text of its JSON or CSV file. Raises :class:`SheetError`."""
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        try:
            sheet: dict[str, Any] = json.loads(text)
        except ValueError as error:
            raise SheetError(f"不是完整的 JSON：{error}") from error
        return sheet
    return _from_csv(text)


def _from_csv(text: str) -> dict[str, Any]:
    sheet: dict[str, Any] = {
        key: [] for key in ("objects", "inspectors", "quotas", "draws", "replacements", "results")
    }
    into = {"对象": "objects", "检查人员": "inspectors", "份额": "quotas", "替换": "replacements"}
    for number, cells in enumerate(csv.reader(io.StringIO(text)), 1):
        if not cells or not any(cells):
            continue
        kind = cells[0]
        if kind not in ROWS:
            raise SheetError(f"第 {number} 行以“{kind}”开头，应为 {'、'.join(ROWS)} 之一")
        row: dict[str, Any] = dict(zip(ROWS[kind], map(uncell, cells[1:]), strict=False))
        for name in ("avoids", "inspectors"):
            if name in row:
                row[name] = row[name].split()
        if kind == "抽查":
            sheet |= row | {"other_district": row.get("other_district") == "1"}
        elif kind == "抽取":
            sheet["draws"].append({**row, "n": int(row["n"]), "result": []})
        elif kind == "抽中":
            if not sheet["draws"]:
                raise SheetError(f"第 {number} 行：抽中的对象前面没有抽取")
            sheet["draws"][-1]["result"].append(row)
        elif kind == "结果":
            sheet["results"].append(row)
        else:
            sheet[into[kind]].append(row)
    return sheet

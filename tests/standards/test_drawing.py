"""The random draw: the same everywhere, fair by weight, and refuted where a published sheet was touched."""

from __future__ import annotations

import copy
import csv
import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import draw_sheet, drawing
from ecoledger.standards.drawing import Candidate, Inspector, Lists, Quota


def lists(n=40, people=6, *, other_district=False, counts=(3, 5)):
    objects = [Candidate(f"E-{i:03}", f"{i}厂", "重点" if i % 4 == 0 else "一般", 1 + i % 2, f"9901010{i % 3:02}") for i in range(n)]  # fmt: skip
    inspectors = [Inspector(f"Z-{i}", f"员{i}", f"9901010{i % 3:02}", ("E-000",) if i == 0 else ()) for i in range(people)]  # fmt: skip
    size = {t: sum(o.tier == t for o in objects) for t in ("重点", "一般")}
    quotas = tuple(Quota(t, c, size[t]) for t, c in zip(("重点", "一般"), counts, strict=True))
    return Lists(tuple(objects), tuple(inspectors), quotas, other_district)


def sheet_of(its, *seeds):
    draws = [
        {"n": n, "seed": seed, "at": "2026-01-05T09:00", "discarded": "" if seed == seeds[-1] else "名单有关停企业",
         "result": draw_sheet.of_result(drawing.draw(its, seed))}
        for n, seed in enumerate(seeds, 1)
    ]  # fmt: skip
    return {**draw_sheet.of_lists(its), "name": "一季度", "draws": draws, "replacements": []}


def test_a_result_is_what_sha256_says_by_hand():
    its = Lists(
        (Candidate("A", "甲", "一般"), Candidate("B", "乙", "一般", 2), Candidate("C", "丙", "一般", 0)),
        (Inspector("x", "张"), Inspector("y", "王"), Inspector("z", "李", avoids=("A",))),
        (Quota("一般", 1, 3),),
    )  # fmt: skip
    by_hand = {
        "A": hashlib.sha256(b"7|A|1").hexdigest(),
        "B": min(hashlib.sha256(b"7|B|1").hexdigest(), hashlib.sha256(b"7|B|2").hexdigest()),
    }
    first = min(by_hand, key=by_hand.get)
    result = drawing.draw(its, "7")
    assert [d.object for d in result.drawn] == [first]
    assert result.reserve["一般"] == tuple(c for c in ("A", "B") if c != first)  # C has no ticket
    able = ["x", "y"] + (["z"] if first == "B" else [])
    able.sort(key=lambda i: hashlib.sha256(f"7|{first}|{i}".encode()).hexdigest())
    assert list(result.drawn[0].inspectors) == able[:2]


def test_weight_two_is_drawn_twice_as_often():
    its = [Candidate(f"H{n}", "", "一般", 2) for n in range(10)] + [Candidate(f"L{n}", "", "一般", 1) for n in range(20)]  # fmt: skip
    heavy = sum(drawing.order(its, str(seed))[0].code.startswith("H") for seed in range(2000))
    assert (
        900 < heavy < 1100
    )  # 20 of 40 tickets; a fair draw leaves this in fewer than 1 of 100,000


def test_inspectors_are_used_evenly_avoid_and_stay_out_of_their_district():
    its = lists(60, 6, other_district=True, counts=(15, 30))
    result = drawing.draw(its, "ab12")
    district = {o.code: o.district for o in its.objects}
    own = {i.code: i.district for i in its.inspectors}
    for drawn in result.drawn:
        assert len(set(drawn.inspectors)) == 2
        assert all(own[i] != district[drawn.object] for i in drawn.inspectors)
        assert not (drawn.object == "E-000" and "Z-0" in drawn.inspectors)
    times = [sum(i in d.inspectors for d in result.drawn) for i in own]
    assert max(times) - min(times) <= 6


@given(st.text("0123456789abcdef", min_size=4, max_size=32))
def test_a_sheet_holds_and_survives_its_files(seed):
    sheet = sheet_of(lists(), "first", seed)
    assert draw_sheet.differences(sheet) == []
    assert draw_sheet.differences(draw_sheet.read(draw_sheet.to_json(sheet))) == []
    assert draw_sheet.differences(draw_sheet.read(draw_sheet.to_csv(sheet))) == []


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1)", "+1", "-x", "@SUM(A1)", "\t=1", "'=1", "'甲'", "甲=1"]
)
def test_no_name_runs_in_a_spreadsheet_and_each_comes_back_as_it_was(name):
    sheet = sheet_of(lists(), "first", "s") | {"name": name}
    written = draw_sheet.to_csv(sheet)
    cells = [cell for row in csv.reader(io.StringIO(written)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert draw_sheet.read(written)["name"] == name


@pytest.mark.parametrize(
    ("touch", "said"),
    [
        (lambda s: s["objects"][3].update(weight=9), "名单校验值不符"),
        (lambda s: s["draws"][-1].update(seed="chosen"), "重抽"),
        (lambda s: s["draws"][-1]["result"][0].update(object="E-039"), "第 2 次抽取第 1 个"),
        (lambda s: s["draws"][-1]["result"].pop(), "应有 8 个，公示 7 个"),
        (lambda s: s["draws"][0].update(discarded=""), "没有写明作废理由"),
        (lambda s: s["draws"].pop(0), "序号写作 2"),
        (lambda s: s["quotas"][0].update(share="0.5"), "名单校验值不符"),
        (lambda s: s["replacements"].append({"what": "object", "object": "E-004", "old": "E-004", "new": "E-999", "reason": "关停"}), "备选首位"),
    ],
)  # fmt: skip
def test_what_was_touched_is_named(touch, said):
    sheet = copy.deepcopy(sheet_of(lists(), "first", "second"))
    touch(sheet)
    assert any(said in line for line in draw_sheet.differences(sheet))


def test_counts_by_share_and_by_people():
    assert drawing.count_of("0.25", 31) == 8
    assert drawing.count_of("1:5", 100, 7) == 35
    assert drawing.count_of("1:5", 20, 7) == 20
    with pytest.raises(ValueError, match="between 0 and 1"):
        drawing.count_of("1.5", 10)
    with pytest.raises(ValueError, match="not 'a'"):
        drawing.count_of("a", 10)

"""Chains of repeats among complaints: found in other words, kept apart where only the firm is the same."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ecoledger.matters.repeats import Complaint, alike, chains
from ecoledger.standards.written_names import arabic, read_firm, read_place

TOWNS = ("柳溪镇", "石埠镇", "东郊街道", "沙河乡")
ROADS = ("解放路", "滨河南路", "青年大道", "窑厂路", "学士街", "环城北路", "南门路", "新港大街")
# Trade, tails of its firms, industry column, and per trouble (medium, ways to tell it).
TRADES = {
    "印染": (("有限公司", "厂", "科技有限公司"), "纺织业", {
        "水": ("{firm}半夜往河里排黑水，{place}", "{place}{firm}偷排废水，河水变成红褐色", "反映{firm}暗管排污水，地点{place}"),
        "噪声": ("{firm}机器响，整夜噪声，{place}", "{place}{firm}噪音大睡不着"),
    }),
    "化工": (("有限公司", "厂", "制造有限公司"), "化工", {
        "大气": ("{firm}晚上排放刺鼻气味，{place}", "{place}一股酸臭味，是{firm}飘出来的", "关于{place}异味扰民的再次投诉：{firm}恶臭"),
        "水": ("{firm}废水直排沟里，{place}", "{place}{firm}雨水口有颜色的污水"),
    }),
    "饭店": (("", "大酒店"), "住宿餐饮娱乐业", {
        "大气": ("{firm}油烟直排，{place}", "{place}{firm}烟道对着窗户，油烟味大", "楼下{firm}没有油烟净化器，{place}"),
        "噪声": ("{firm}排风机噪声，{place}", "{place}{firm}半夜吵，睡不着"),
    }),
    "喷涂": (("厂", "加工厂", "有限公司"), "金属表面处理", {
        "大气": ("{firm}露天喷漆，油漆味大，{place}", "{place}喷漆作坊{firm}漆雾飘进屋", "{firm}无手续喷涂，油漆味呛人，地点{place}"),
    }),
}  # fmt: skip
NUMERALS = "零一二三四五六七八九"
BRANDS = [a + b for a in "鸿瑞恒凯汇昌盛泰博远" for b in "达丰源顺宏信隆祥通和"]


def numeral(n: int) -> str:
    hundreds, rest = divmod(n, 100)
    tens, ones = divmod(rest, 10)
    text = f"{NUMERALS[hundreds]}百" if hundreds else ""
    text += (
        (f"{NUMERALS[tens]}十" if tens != 1 or hundreds else "十")
        if tens
        else ("零" if hundreds and ones else "")
    )
    return text + (NUMERALS[ones] if ones else "")


def ledger(matters: int, seed: int) -> tuple[list[Complaint], set[tuple[int, int]]]:
    """Complaints of ``matters`` matters, and the pairs of rows that are repeats."""
    rng = random.Random(seed)
    rows: list[Complaint] = []
    truth: set[tuple[int, int]] = set()
    firms = [
        (brand, trade, rng.choice(TOWNS), rng.choice(ROADS), rng.randint(1, 399))
        for brand in (BRANDS * (matters // 60 + 1))[: max(matters // 2, 4)]
        for trade in (rng.choice(list(TRADES)),)
    ]
    for _n in range(matters):
        brand, trade, town, road, number = rng.choice(firms)
        trouble = rng.choice(list(TRADES[trade][2]))
        first = date(2026, 1, 1) + timedelta(days=rng.randint(0, 200))
        group = []
        for repeat in range(rng.choice((1, 1, 1, 2, 3))):
            tails, industry, told = TRADES[trade]
            name = rng.choice(
                (
                    f"某市{brand}{trade}{rng.choice(tails)}",
                    f"{brand}{trade}{rng.choice(tails)}",
                    f"{brand}{trade}",
                )
            )
            unknown = repeat and rng.random() < 0.3
            where = rng.choice(
                (
                    f"{town}{road}{number}号",
                    f"{road}{numeral(number)}号附近",
                    f"某市{town}{road}{number}号",
                )
            )
            text = rng.choice(told[trouble]).format(
                firm=f"那家{trade}" if unknown else name, place=where
            )
            group.append(len(rows))
            rows.append(
                Complaint(len(rows), first + timedelta(days=repeat * rng.randint(1, 40)),
                          text + rng.choice(("", "请尽快处理。", "附照片。")), "不详" if unknown else name, where,
                          f"10{rng.randint(10**8, 10**9 - 1)}", town, trouble, industry)
            )  # fmt: skip
        truth |= {(a, b) for a in group for b in group if a < b}
    # One firm, one address, one trouble told again is a repeat however it was made.
    return rows, truth


def same_matter(rows: list[Complaint]) -> set[tuple[int, int]]:
    """Pairs that no reader could keep apart: one place, one trouble."""
    places: dict[object, list[int]] = {}
    for n, row in enumerate(rows):
        place = read_place(row.address)
        places.setdefault((row.town, place.road, place.number, row.media, row.trade), []).append(n)
    return {(a, b) for group in places.values() for a in group for b in group if a < b}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_repeats_are_found_and_nothing_else(seed):
    rows, truth = ledger(300, seed)
    truth |= same_matter(rows)
    proposed = {(a, b) for c in chains(rows) for a in c.keys for b in c.keys if a < b}
    right = len(proposed & truth)
    assert right / len(proposed) >= 0.97
    assert right / len(truth) >= 0.95


BASE = Complaint("a", date(2026, 3, 1), "鸿达印染厂半夜排黑水到河里", "鸿达印染厂", "柳溪镇解放路34号",
                 "1001", "柳溪镇", "水", "印染")  # fmt: skip


@pytest.mark.parametrize(
    ("change", "repeat"),
    [
        # Other words, another telephone, the firm in full.
        ({"text": "河水变成红褐色，有人偷排", "firm": "某市鸿达印染有限公司", "telephone": "1002"}, True),
        # Only the trade and the address, in Chinese numerals.
        ({"text": "印染厂又排废水了", "firm": "不详", "address": "解放路三十四号附近", "town": ""}, True),
        # The firm stands in the text alone.
        ({"text": "鸿达印染又偷排污水，没人管吗", "firm": "", "address": ""}, True),
        # The same firm at the same address, another trouble.
        ({"text": "鸿达印染厂机器噪声大，睡不着", "media": "噪声"}, False),
        # Smell and sewage of one firm.
        ({"text": "鸿达印染厂锅炉冒黑烟", "media": "大气"}, False),
        # The same brand, another trade; the next house; another town's street of the same name.
        ({"text": "鸿达铸造废水直排", "firm": "鸿达铸造厂", "trade": "铸造"}, False),
        ({"firm": "不详", "text": "印染厂排黑水", "address": "柳溪镇解放路36号"}, False),
        ({"firm": "不详", "text": "印染厂排黑水", "address": "石埠镇解放路34号", "town": "石埠镇"}, False),
        # Two years later.
        ({"day": date(2028, 4, 1)}, False),
    ],
)  # fmt: skip
def test_what_makes_a_repeat_and_what_does_not(change, repeat):
    assert bool(chains([BASE, replace(BASE, key="b", **change)])) is repeat


def test_a_chain_says_who_and_why():
    second = replace(BASE, key="b", day=date(2026, 2, 1), text="河里都是黑水", telephone="2")
    third = replace(BASE, key="c", day=date(2026, 5, 1), firm="不详", text="那家印染厂的废水")
    (chain,) = chains([BASE, second, third])
    assert chain.keys == ("b", "a", "c")
    assert {"同一企业", "同一地址"} <= set(chain.reasons)
    assert [key for key, _why in alike(third, [BASE, second])] == ["a", "b"]


def test_a_crowd_on_one_street_costs_no_time_and_makes_no_chain():
    rows = [
        replace(BASE, key=n, firm=f"{brand}印染厂", address="柳溪镇解放路", text="排放废水")
        for n, brand in enumerate(BRANDS)
    ]
    assert chains(rows) == []


@pytest.mark.parametrize(
    ("written", "n"), [("三十四", 34), ("一百零二", 102), ("十", 10), ("二〇六", 206), ("一百二十", 120)]
)  # fmt: skip
def test_numerals(written, n):
    assert arabic(written) == n
    assert n == 206 or arabic(numeral(n)) == n


@pytest.mark.parametrize("name", ["不详", "某厂", " ", None, "/", "工地", "那家厂"])
def test_nobody_is_no_firm(name):
    assert read_firm(name) is None


def test_a_town_is_no_street():
    assert read_place("东郊街道学士街12号之一").road.endswith("学士街")
    assert read_place("东郊街道学士街12号").number == "12"
    assert read_place("住在书香小区对面").estate.endswith("书香小区")

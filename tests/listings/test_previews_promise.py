"""A preview promises no row that is refused when the table is taken in."""

from __future__ import annotations

import pytest

from ecoledger.listings import importing
from ecoledger.listings.catalogue import listing_of

HALF = '{""type"":""Polygon"",""coordinates"":[[[118,24]]]}'


@pytest.mark.parametrize(
    ("key", "role", "heads", "line", "why"),
    [
        ("point", "monitor", "站点名称,监测类别,MN,监测因子", "E-1-DA001,废气排放,ZZ01,二氧化硫", "MN应为24位"),
        ("point", "monitor", "站点名称,监测类别,MN,监测因子", "E-1-DA001,废气排放,,氨氮", "不是废气排放监测点的因子"),
        ("limit", "monitor", "排放口,因子,上限,单位,判定依据,生效日期", "E-1-DA001,二氧化硫,35,亩,小时均值,2026-07-01", "单位"),
        ("boundary", "monitor", "区划代码,边界", f'990101001,"{HALF}"', "边界"),
        ("person", "security_admin", "用户名,姓名,岗位,区划", "linmou,林某,系统管理员、执法人员,990101", "不能兼任"),
        ("person", "security_admin", "用户名,姓名,岗位,区划", "linmou,林某,执法人员,无此镇", "无此镇"),
        ("person", "security_admin", "用户名,姓名,岗位,区划", "linmou,林某,执法人员,350502", "“350502”不是您范围内的行政区划"),
    ],
)  # fmt: skip
def test_what_entering_refuses_is_refused_in_the_preview(
    store, bureau, people, key, role, heads, line, why
):
    book = listing_of(key)
    table = f"{heads}\n{line}\n".encode()
    batch = importing.preview(book, "表.csv", table, by=people[role])
    (row,) = batch.rows.all()
    assert why in row.reason
    assert row.wrong


@pytest.mark.parametrize(
    ("key", "role", "heads", "line", "other"),
    [
        ("organisation", "security_admin", "名称,类别,行政区划", "东镇人民政府,镇（街道）,北镇", "东镇人民政府,镇（街道）,南镇"),
        ("person", "security_admin", "用户名,姓名,岗位,区划", "linmou,林某,执法人员,北镇、南镇", "linmou,林某,执法人员,南镇"),
    ],
)  # fmt: skip
def test_the_same_row_again_says_nothing_new_and_another_of_its_key_brings_it_up_to_date(
    bureau, people, key, role, heads, line, other
):
    book, by = listing_of(key), people[role]
    first = importing.preview(book, "一.csv", f"{heads}\n{line}\n".encode(), by=by)
    assert importing.accept(book, first.pk, by=by) == (1, 0)
    again = importing.preview(book, "二.csv", f"{heads}\n\n{line}\n".encode(), by=by)
    (row,) = again.rows.all()
    assert not row.wrong
    assert "没有新内容" in row.reason
    importing.accept(book, again.pk, by=by)
    assert again.rows.get().made is None
    changed = importing.preview(book, "三.csv", f"{heads}\n{other}\n".encode(), by=by)
    assert changed.rows.get().reason.startswith("更新")
    assert importing.accept(book, changed.pk, by=by) == (1, 0)


def test_rows_that_differ_in_a_part_of_their_key_are_not_called_the_same(store, bureau, people):
    """A key of several columns is none where one of them, which may be left out, is empty."""
    book, head = listing_of("limit"), "排放口,因子,上限,单位,判定依据"
    lines = ("E-1-DA001,二氧化硫,35,mg/m³,小时均值", "E-1-DA001,颗粒物,35,mg/m³,小时均值")
    table = "\n".join([head, *lines, lines[0]]).encode()
    batch = importing.preview(book, "表.csv", table, by=people["monitor"])
    first, other, same = (row.reason for row in batch.rows.order_by("number"))
    assert "内容完全相同" not in first + other
    assert "与第 2 行内容完全相同" in same


def test_both_days_of_a_filing_belong_to_it_under_a_header_of_two_rows(store, bureau, people):
    head = "排放口,申报类别,停产起止时间,停产起止时间,原因\n,,起,止,\n"
    table = f"{head}E-1-DA001,停产停运,2026年12月20日,2026年12月25日,大修\n".encode()
    batch = importing.preview(listing_of("filing"), "表.csv", table, by=people["monitor"])
    (row,) = batch.rows.all()
    told = row.values["begin"], row.values["end"]
    assert told == ("2026-12-20 00:00", "2026-12-26 00:00"), row.reason

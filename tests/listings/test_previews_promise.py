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


@pytest.mark.parametrize(
    ("key", "heads", "cells"),
    [
        ("limit", "排污单位名称,排放口编号,污染物种类,许可排放浓度限值（mg/Nm³）,判定依据,有效期起,有效期止", "{},烟尘,20,小时均值,2026年7月,2027年"),
        ("point", "企业名称,排放口,监测类别,数采仪MN号,监测因子", "{},废气,99010100000000000000FF99,NOX、烟尘"),
        ("filing", "企业名称,排放口,申报类别,开始时间,结束时间,原因", "{},停产停运,2026-12-20,2026-12-25,大修"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("whose", "why"),
    [
        ("测试化工厂,DA001", ""),
        ("测试化工厂,锅炉烟囱", ""),
        ("测试化工厂,E-1-DA001", ""),
        ("测试化工厂,DA009", "“测试化工厂”没有编号或名称为“DA009”的对象"),
        ("无此厂,DA001", "无此厂"),
        ("无此厂,E-1-DA001", "无此厂"),
    ],
)
def test_an_outlet_is_named_by_its_firm_and_its_number(
    store, bureau, people, key, heads, cells, whose, why
):
    table = f"{heads}\n{cells.format(whose)}\n".encode()
    batch = importing.preview(listing_of(key), "表.csv", table, by=people["monitor"])
    (row,) = batch.rows.all()
    assert row.wrong == bool(why), row.reason
    assert why in row.reason
    assert why or row.values["entity"] == "E-1-DA001"
    assert not [header for header, name in batch.mapping.items() if not name]


@pytest.mark.parametrize(
    ("key", "head", "cells", "names"),
    [
        ("point", "企业名称,排放口,监测类别,名称,MN,监测因子", "测试化工厂,DA001,废气,二号设备,990101000000000000FF0001,{}",
         ("NOX、烟尘", "颗粒物，氮氧化物（以NO2计）")),
        ("limit", "企业名称,排放口,因子,上限,单位,判定依据,生效日期", "测试化工厂,DW001,{},8,mg/L,日均值,2026-07-01",
         ("总磷（以P计）", "总磷")),
        ("limit", "企业名称,排放口,因子,上限,单位,判定依据", "测试化工厂,DW001,{},8,mg/L,日均值", ("总磷（以P计）", "TP")),
    ],
)  # fmt: skip
def test_the_same_row_under_other_names_of_its_factors_says_nothing_new(
    store, bureau, people, key, head, cells, names
):
    book = listing_of(key)
    for name, said in zip(names, ("", "没有新内容"), strict=True):
        line = cells.format(name)
        batch = importing.preview(
            book, f"{name}.csv", f"{head}\n{line}\n".encode(), by=people["monitor"]
        )
        (row,) = batch.rows.all()
        assert not row.wrong, row.reason
        assert said in row.reason
        importing.accept(book, batch.pk, by=people["monitor"])

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import data_files
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.compensation import (
    Factor,
    SectionPeriod,
    compensate,
    rule,
    rule_names,
    share,
)

MARCH = date(2026, 3, 31)


def section(flow=None, **factors):
    return SectionPeriod("九里", "2026-03", "上游镇", "下游镇", factors, flow)


def test_zhenjiang_charges_the_load_above_the_target():
    # (6.5-6)*1200*0.01*1.5 = 9; (1.2-1.0)*1200*0.01*10 = 24; TP below its target costs nothing.
    month = section(1200, codmn=Factor(6.5, 6), nh3n=Factor(1.2, 1), tp=Factor("0.15", "0.2"))
    bill = compensate(month, "zhenjiang", MARCH)
    assert bill.amount == Decimal("33.0000")
    assert (bill.payer, bill.payee) == ("上游镇", "下游镇")
    assert [step.result for step in bill.steps] == [9, 24, 0]
    assert "(6.5－6)mg/L×1200万m³×0.01×1.5万元/t=9万元" in bill.explanation
    assert bill.inputs is month


def test_zhenjiang_shares_the_bill_by_contribution():
    # The published contributions to the section 九里 (table 2).
    parts = share(
        {"codmn": 9, "nh3n": 24, "tp": "1.5"},
        {
            "codmn": {"丹阳": "85.78", "丹徒": "14.22"},
            "nh3n": {"丹阳": "84.45", "丹徒": "15.55"},
            "tp": {"丹阳": "88.07", "丹徒": "11.93"},
        },
    )
    assert parts == {"丹阳": Decimal("29.3093"), "丹徒": Decimal("5.1907")}
    assert sum(parts.values()) == Decimal("34.5")
    with pytest.raises(ValueError, match="99 %"):
        share({"tp": 1}, {"tp": {"a": 50, "b": 49}})


@given(
    st.dictionaries(st.sampled_from("abcd"), st.decimals("0", "1000", places=4), min_size=1),
    st.lists(st.integers(1, 100), min_size=2, max_size=5),
)
def test_shares_always_add_up(amounts, weights):
    total = sum(weights)
    percents = {f"p{i}": Fraction(w * 100, total) for i, w in enumerate(weights)}
    parts = share(amounts, dict.fromkeys(amounts, percents))
    assert sum(parts.values()) == sum(amounts.values())


@pytest.mark.parametrize(
    ("cod", "amount"),
    [
        ("55", "0"),  # 0.1 times over is not yet compensated
        ("55.5", "11.1"),  # k = 0.11: 10*(1.11)
        ("75", "15"),  # k = 0.5, still the first band
        ("75.5", "37.75"),  # k = 0.51: 25*1.51
        ("100", "50"),  # k = 1: 25*2
        ("150", "300"),  # k = 2: 100*3
        ("151", "604"),  # k = 2.02: 200*3.02
    ],
)
def test_zhoukou_bands_grow_with_the_excess(cod, amount):
    bill = compensate(section(cod=Factor(cod, 50)), "zhoukou", MARCH)
    assert bill.amount == Decimal(amount)
    assert bill.payee == "市生态补偿金"
    assert bill.left_out == ("氨氮（未监测）",)


def test_zhoukou_bands_for_stricter_targets_are_not_on_file():
    with pytest.raises(ValueError, match="above 40"):
        compensate(section(cod=Factor(60, 30)), "zhoukou", MARCH)


def test_beijing_counts_classes_and_halves_for_what_came_in():
    month = section(
        cod=Factor(class_now=5, class_target=3),
        nh3n=Factor(1.2, inflow=1.4, class_now=4, class_target=3),
        tp=Factor(class_now=2, class_target=3),
    )
    bill = compensate(month, "beijing", MARCH)
    assert [step.result for step in bill.steps] == [60, 15, 0]
    assert bill.amount == 75
    with pytest.raises(ValueError, match="class"):
        compensate(section(cod=Factor(5, 3)), "beijing", MARCH)


@pytest.mark.parametrize(
    ("value", "amount"), [("1.0", 0), ("1.01", 2), ("1.5", 2), ("1.51", 4), ("3.5", 10), ("9", 10)]
)
def test_guzhen_steps_and_cap(value, amount):
    bill = compensate(section(nh3n=Factor(value, 1)), "guzhen", MARCH)
    assert bill.amount == amount


def test_heze_pays_the_county_for_clean_water():
    # The press example prints 45 for these values; its own formula, 10*2 + 0.5*30, gives 35.
    quarter = section(cod=Factor(20), nh3n=Factor(1))
    bill = compensate(quarter, "heze", MARCH)
    assert bill.amount == 35
    assert (bill.payer, bill.payee) == ("市级生态补偿资金库", "上游镇")
    worse = compensate(section(cod=Factor(35), nh3n=Factor(1.5)), "heze", MARCH)
    assert (worse.amount, worse.payer) == (10, "上游镇")


def test_xinanjiang_index_decides_the_direction():
    base = {c: Factor(value=1, base=1) for c in ("codmn", "nh3n", "tn", "tp")}
    clean = compensate(section(**base), "xinanjiang", date(2013, 1, 1))
    assert (clean.amount, clean.payer, clean.payee) == (10000, "下游镇", "上游镇")
    assert clean.mark is Mark.DOUBTFUL
    dirty = {c: Factor(value="1.3", base=1) for c in base}
    assert compensate(section(**dirty), "xinanjiang", date(2013, 1, 1)).payer == "上游镇"
    assert rule("xinanjiang", date(2019, 1, 1)).content["stability"] == 0.90
    with pytest.raises(ValueError, match="index"):
        compensate(
            section(**base | {"tp": Factor(1, base=1, excluded="仪器故障")}),
            "xinanjiang",
            date(2013, 1, 1),
        )


def test_excluded_data_stay_visible():
    month = section(
        1000, codmn=Factor(9, 6, excluded="申诉成立，数据剔除"), nh3n=Factor(2, 1), tp=Factor(1, 1)
    )
    bill = compensate(month, "zhenjiang", MARCH)
    assert bill.amount == 100
    assert bill.left_out == ("高锰酸盐指数（申诉成立，数据剔除）",)
    assert "申诉成立" in bill.explanation


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match="flow"):
        compensate(section(codmn=Factor(7, 6)), "zhenjiang", MARCH)
    with pytest.raises(ValueError, match="a target"):
        compensate(section(1, codmn=Factor(7)), "zhenjiang", MARCH)
    with pytest.raises(ValueError, match="above zero"):
        compensate(section(1, codmn=Factor(7, 0)), "zhenjiang", MARCH)
    with pytest.raises(ValueError, match="no price"):
        compensate(section(1, codmn=Factor(7, 6)), "jinhua", MARCH)
    with pytest.raises(KeyError, match="nowhere"):
        compensate(section(), "nowhere", MARCH)


def test_nothing_over_costs_nothing():
    bill = compensate(section(1, codmn=Factor(5, 6)), "zhenjiang", MARCH)
    assert bill.amount == 0
    assert bill.explanation.endswith("无需支付")


def test_a_bureau_writes_its_own_rule(tmp_path):
    (tmp_path / "compensation.toml").write_text(
        """
        [jinhua.editions."金华市流域水质考核奖惩办法（试行）（金政办〔2016〕31号）".factors.codmn]
        price = 2
        [ours]
        name = "本市"
        [ours.editions."试行办法"]
        title = "镇街补偿"
        clause = "第五条"
        mark = "P"
        source = "本局文件"
        effective_from = 2026-01-01
        kind = "steps"
        payer = "upstream"
        payee = "downstream"
        two_way = false
        decimals = 2
        step = 0.2
        amount = 1
        cap = 5
        factors.tp = { name = "总磷" }
        """,
        encoding="utf-8",
    )
    data_files.use_overrides(tmp_path)
    try:
        assert "ours" in rule_names()
        assert compensate(section(tp=Factor("0.25", "0.2")), "ours", MARCH).amount == 2
        two_way = compensate(section(100, codmn=Factor(5, 6)), "jinhua", MARCH)
        assert (two_way.amount, two_way.payer) == (2, "下游镇")
    finally:
        data_files.use_overrides(None)


@pytest.mark.parametrize(
    ("line", "message"), [('kind = "eval"', "none of load"), ('payer = "me"', "payer must be")]
)
def test_a_rule_of_unknown_form_is_refused(tmp_path, line, message):
    (tmp_path / "compensation.toml").write_text(
        f'[beijing.editions."北京市水环境区域补偿办法（试行）（2015）"]\n{line}\n', encoding="utf-8"
    )
    data_files.use_overrides(tmp_path)
    try:
        with pytest.raises(ValueError, match=message):
            rule_names()
    finally:
        data_files.use_overrides(None)

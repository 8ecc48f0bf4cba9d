"""Surface-water classes: GB 3838-2002 and 环办〔2011〕22号."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecoledger.standards import catalogue, data_files, surface_water
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.readings import UnreadableReadingError
from ecoledger.standards.surface_water import classify, label, rank_of
from ecoledger.standards.surface_water_tables import classify_table

ON = date(2026, 2, 4)
_, LIMITS = surface_water.limits_on(ON)


def test_the_worst_item_decides():
    judged = classify({"ph": 8, "do": 8, "codmn": 3.9, "nh3n": 0.51, "tp": 0.02}, on=ON)
    assert judged.label == "Ⅲ"
    assert judged.worst_items == ("nh3n",)
    assert judged.grade.name == "良好"
    assert judged.grade.colour == "绿色"
    assert judged.main_pollutants == ()


@pytest.mark.parametrize("key", list(LIMITS.river))
def test_a_limit_itself_meets_its_class_and_the_next_value_does_not(key):
    for waterbody in ("river", "lake"):
        item = LIMITS.of(waterbody)[key]
        if key == "ph":
            continue
        for rank in range(1, 6):
            limit = item.limit(rank)
            best = min(n for n in range(1, 6) if item.limit(n) == limit)
            assert item.class_of(limit) == best
            beyond = limit * (0.999 if item.at_least else 1.001)
            assert item.class_of(beyond) > rank


def test_rivers_and_lakes_differ_in_total_phosphorus():
    sample = {"tp": "0.060"}
    assert classify(sample, on=ON).label == "Ⅱ"
    assert classify(sample, on=ON, waterbody="lake").label == "Ⅳ"


@pytest.mark.parametrize(("ph", "expected"), [(6, "Ⅰ"), (9, "Ⅰ"), (5.99, "劣Ⅴ"), (9.01, "劣Ⅴ")])
def test_ph_outside_its_range_is_worse_than_five(ph, expected):
    judged = classify({"ph": ph}, on=ON)
    assert judged.label == expected
    assert judged.main_pollutants == ((("ph", None),) if expected == "劣Ⅴ" else ())


def test_saturated_oxygen_is_class_one():
    assert classify({"do": 6.8}, on=ON).label == "Ⅱ"
    assert classify({"do": 6.8, "do_saturation": 92}, on=ON).label == "Ⅰ"


def test_nitrogen_temperature_and_coliform_are_computed_but_not_counted():
    judged = classify({"do": 8, "tn": 4.7, "fecal_coliform": 50000, "water_temp": 30}, on=ON)
    assert judged.label == "Ⅰ"
    assert judged.reference_classes == {"tn": 6, "fecal_coliform": 6}
    assert classify({"do": 8, "tn": 4.7}, on=ON, count_tn=True).label == "劣Ⅴ"


def test_main_pollutants_name_toxic_items_then_the_worst_class_then_the_greatest_multiple():
    judged = classify(
        {"do": 2.5, "codmn": 12, "nh3n": 1.9, "tp": 0.39, "pb": 0.06, "codcr": 22}, on=ON
    )
    # pb Ⅴ but toxic; do Ⅴ without a multiple comes after codmn (1.0), nh3n (0.9), tp (0.95).
    assert judged.main_pollutants == (("pb", 0.2), ("codmn", 1.0), ("tp", 0.95))
    assert judged.main_pollutants_text == "铅(0.2)、高锰酸盐指数(1)、总磷(0.95)"


def test_a_sample_without_counted_items_has_no_class():
    judged = classify({"tn": 1, "conductivity": 300}, on=ON)
    assert (judged.class_, judged.label, judged.grade) == (None, "", None)
    assert judged.attains(3) is None


def test_text_readings_are_understood_and_bad_ones_named():
    assert classify({"hg": "0.00004L", "cn": "未检出", "do": "８.0"}, on=ON).label == "Ⅰ"
    with pytest.raises(UnreadableReadingError, match="nh3n"):
        classify({"nh3n": "one"}, on=ON)
    with pytest.raises(UnreadableReadingError, match="row 2, nh3n"):
        classify_table(pl.DataFrame({"nh3n": ["1", "one"]}), on=ON)


def test_only_the_items_of_the_plan_are_counted_when_named():
    sample = {"do": 8, "codcr": 35, "nh3n": 0.3}
    assert classify(sample, on=ON).label == "Ⅴ"
    assert classify(sample, on=ON, items=["ph", "do", "codmn", "nh3n", "tp"]).label == "Ⅱ"
    with pytest.raises(ValueError, match="no such items: nh4"):
        classify(sample, on=ON, items=["nh4"])


def test_the_marks_say_that_the_method_is_from_memory():
    judged = classify({"do": 8}, on=ON)
    assert judged.standard == "GB 3838-2002"
    assert judged.marks == (Mark.TWO_PLACES, Mark.MEMORY)


def test_data_older_than_the_standard_are_refused():
    with pytest.raises(catalogue.NoEditionInForceError):
        classify({"do": 8}, on=date(2001, 1, 1))


def test_failures_refer_to_the_target_of_the_zone():
    missed = surface_water.failures({"nh3n": 0.75, "do": 5.5, "tp": 0.09}, 2, on=ON)
    assert [(f.item, f.limit, f.multiple) for f in missed] == [("do", 6, None), ("nh3n", 0.5, 0.5)]
    assert missed[0].text == "比限值低0.5 mg/L"
    assert missed[1].text == "比限值高0.25 mg/L（超标0.5倍）"


def test_drinking_water_sources_have_supplementary_limits():
    sample = {"do": 8, "mn": 0.12, "fe": "0.03L", "nitrate": 10}
    missed = surface_water.drinking_water_failures(sample, on=ON)
    assert [(f.item, round(f.multiple, 6)) for f in missed] == [("mn", 0.2)]
    assert len(LIMITS.drinking_water) == 85
    specific = surface_water.drinking_water_failures({"tl": 0.0002, "nh3n": 1.5}, on=ON)
    assert [(f.item, f.multiple) for f in specific] == [("nh3n", 0.5), ("tl", 1.0)]


@pytest.mark.parametrize("rank", range(1, 7))
def test_labels_are_read_back(rank):
    assert rank_of(label(rank)) == rank
    assert rank_of(label(rank) + "类") == rank


@pytest.mark.parametrize(
    ("text", "rank"), [("III", 3), ("IV", 4), ("劣V类", 6), ("2", 2), (" Ⅱ ", 2)]
)
def test_other_spellings_of_a_class(text, rank):
    assert rank_of(text) == rank


def test_an_unknown_class_is_refused():
    with pytest.raises(ValueError, match="劣Ⅴ"):
        rank_of("good")


def test_an_override_corrects_a_limit_and_its_mark(tmp_path):
    (tmp_path / "surface_water.toml").write_text(
        '[edition."GB 3838-2002"]\nmark = "P"\nitems.nh3n.limits = [0.1, 0.2, 0.3, 0.4, 0.5]\n',
        encoding="utf-8",
    )
    data_files.use_overrides(tmp_path)
    try:
        judged = classify({"nh3n": 0.25}, on=ON)
        assert (judged.label, judged.marks[0]) == ("Ⅲ", Mark.PRIMARY)
    finally:
        data_files.use_overrides(None)
    assert classify({"nh3n": 0.25}, on=ON).label == "Ⅱ"


def _near_limits(key):
    item = LIMITS.river[key]
    bounds = sorted({*item.low, *item.high, *LIMITS.lake[key].high} - {float("inf"), -float("inf")})
    at_or_near = [bound * factor for bound in bounds for factor in (0.5, 0.999, 1, 1.001, 2)]
    return st.one_of(st.none(), st.sampled_from(at_or_near), st.floats(0, 2 * bounds[-1]))


_SAMPLES = st.lists(
    st.fixed_dictionaries(
        {
            **{key: _near_limits(key) for key in LIMITS.river},
            "do_saturation": st.one_of(st.none(), st.floats(0, 150)),
            "waterbody": st.sampled_from(["river", "lake"]),
        }
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(_SAMPLES, st.booleans())
def test_table_and_scalar_agree(samples, count_tn):
    frame = pl.DataFrame(
        samples,
        schema={
            **dict.fromkeys([*LIMITS.river, "do_saturation"], pl.Float64),
            "waterbody": pl.String,
        },
    )
    judged = classify_table(
        frame, on=ON, waterbody=frame["waterbody"], count_tn=count_tn, item_classes=True
    )
    for row, sample in zip(judged.iter_rows(named=True), samples, strict=True):
        one = classify(sample, on=ON, waterbody=sample["waterbody"], count_tn=count_tn)
        assert row["class_rank"] == one.class_
        assert (row["class"] or "") == one.label
        assert row["main_pollutants"] == one.main_pollutants_text
        assert row["standard"] == one.standard
        for key in LIMITS.river:
            expected = {**one.item_classes, **one.reference_classes}.get(key)
            assert row[f"{key}_class"] == expected


def test_water_body_words():
    frame = pl.DataFrame({"tp": [0.06, 0.06, 0.06], "kind": ["河流", "湖库", "水库"]})
    judged = classify_table(frame, on=ON, waterbody=frame["kind"])
    assert judged["class"].to_list() == ["Ⅱ", "Ⅳ", "Ⅳ"]
    with pytest.raises(ValueError, match="河流"):
        classify_table(frame, on=ON, waterbody=pl.Series(["海"] * 3))


def test_a_table_is_judged_row_by_row_by_the_edition_of_its_own_day():
    table = pl.DataFrame({"nh3n": ["0.75", "1.2", "0.02L", "9"], "tp": [0.1, None, 0.02, 0.1]})
    days = pl.Series([ON, date(2001, 1, 1), None, date(2026, 11, 1)], dtype=pl.Date)
    found = classify_table(table, on=days)
    assert found["class"].to_list() == ["Ⅲ", None, None, "劣Ⅴ"]
    assert found["standard"].to_list() == ["GB 3838-2002", None, None, "GB 3838-2002"]
    one_day = classify_table(table, on=ON)
    assert one_day["class"].to_list() == ["Ⅲ", "Ⅳ", "Ⅰ", "劣Ⅴ"]
    with pytest.raises(UnreadableReadingError, match="row 4"):
        classify_table(pl.DataFrame({"tp": ["0.1", "0.1", "0.1", "?"]}), on=days)


@pytest.mark.parametrize(
    ("key", "target", "waterbody", "expected"),
    [
        ("ph", 3, "river", (6.0, 9.0)),
        ("do", 3, "river", (5.0, None)),
        ("tp", 3, "river", (None, 0.2)),
        ("tp", 3, "lake", (None, 0.05)),
        ("nh3n", 6, "river", (None, 2.0)),
        ("tn", 3, "river", (None, None)),
        ("cod", 3, "river", (None, None)),
    ],
)
def test_bounds_of_a_target(key, target, waterbody, expected):
    assert surface_water.bounds(key, target, on=ON, waterbody=waterbody) == expected

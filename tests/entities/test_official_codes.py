"""The official lists of divisions, as they are published, come in at the level that their codes say."""

from __future__ import annotations

import pytest

from ecoledger.cli import enter
from ecoledger.entities.models import Area
from ecoledger.listings.lookups import lookup_of
from ecoledger.listings.people import areas_of

OFFICIAL = """统计用区划代码,名称,级别
350000,福建省,省级
350500,泉州市,地级
350526,德化县,县级
350582,晋江市,市
350526100000,浔中镇,乡级
350526100201,浔中村,居民委员会
350526101,雷峰镇,村
"""


@pytest.fixture
def run(db, tmp_path):
    def do(text, kind="area", **more):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        lines = []
        enter.run_for_client({"kind": kind, "file": str(path), **more}, lines.append)
        return lines

    return do


def test_codes_of_six_and_twelve_digits_are_read_at_their_level(run):
    *rows, counts = run(OFFICIAL)
    assert counts["refused"] == 0, rows
    assert set(Area.objects.values_list("name", "code", "level", "parent__code")) == {
        ("福建省", "35", "province", None),
        ("泉州市", "3505", "city", "35"),
        ("德化县", "350526", "county", "3505"),
        ("晋江市", "350582", "county", "3505"),
        ("浔中镇", "350526100", "town", "350526"),
        ("浔中村", "350526100201", "village", "350526100"),
        ("雷峰镇", "350526101", "town", "350526"),
    }
    assert "3505" in rows[2]["reason"]
    assert "按代码是镇级" in rows[7]["reason"]
    # The same list again is known, however it writes the codes.
    *rows, counts = run(OFFICIAL.replace("350526100000", "350526100"))
    assert counts["refused"] == 0, rows
    assert Area.objects.count() == 7


def test_a_division_is_named_by_either_way_of_its_code(run):
    run(OFFICIAL)
    area = lookup_of("area")
    for written, code in (
        ("350526000000", "350526"),
        ("350526100000", "350526100"),
        ("350500", "3505"),
    ):
        assert area.resolve(written, None).code == code
        assert areas_of(written) == [code]


def test_codes_and_names_are_enough(run):
    *rows, counts = run("代码,名称\n350500,泉州市\n350526,德化县\n")
    assert counts["kept"] == 2, rows
    assert Area.objects.get(name="德化县").parent.name == "泉州市"

"""Ten provincial sections of a year (S3: 优Ⅲ 100 %，优Ⅱ 50 %), then a bad month of one: class, attainment, ratios."""

from __future__ import annotations

import re

import pytest
from tests.path.county import NORTH
from tests.stories.pages import open_page, text

from ecoledger.live import times

YEAR = times.now().year - 1
ITEMS = "pH,溶解氧,高锰酸盐指数,氨氮,总磷"
SECOND, THIRD, WORST = "7.5,7.2,3.1,0.30,0.08", "7.6,6.4,3.8,0.40,0.15", "7.6,6.4,3.8,0.40,0.52"
NAMES = [f"九曲{n}号断面" for n in range(1, 11)]


@pytest.fixture(scope="module")
def sections(house, tmp_path_factory):
    """River, sections, stations and points by file, then two months of hours by import."""
    folder = tmp_path_factory.mktemp("q8")

    def enter(kind: str, lines: list[str]) -> None:
        file = folder / f"{kind}.csv"
        file.write_text("\n".join(lines), encoding="utf-8-sig")
        code, told, errors = house.process.command(
            "enter", "--data", str(house.process.data), kind, str(file)
        )
        assert code == 0, (told, errors)
        (counts,) = (line for line in told if line.get("event") == "counts")
        assert (counts["kept"], counts["refused"]) == (len(lines) - 1, 0), told

    enter("river", ["河流名称,对象编码,行政区划代码,长度 km", f"九曲溪,R-90,{NORTH},60"])
    enter("section", ["断面名称,对象编码,河流,距河源 km,行政区划代码,目标",
                      *(f"{name},S-9{n},九曲溪,{5 * n + 1},{NORTH},3" for n, name in enumerate(NAMES))])  # fmt: skip
    enter("station", ["站点名称,站点编码,监测要素,站点级别,属地,断面",
                      *(f"{name}水站,W-9{n},地表水,省控,{NORTH},{name}" for n, name in enumerate(NAMES))])  # fmt: skip
    enter("point", ["所属对象,监测类别,监测点名称,MN号,监测因子",
                    *(f"W-9{n},地表水,{name},00000000000000000000777{n},{ITEMS.replace(',', '、')}"
                      for n, name in enumerate(NAMES))])  # fmt: skip
    rows = [f"点位,时间,{ITEMS}"]
    for n, name in enumerate(NAMES):
        good = SECOND if n < 5 else THIRD
        for month, values in ((5, good), (6, WORST if n == 9 else good)):
            rows += [f"{name},{YEAR}-{month:02}-10 {hour:02}:00,{values}" for hour in range(24)]
    file = folder / "小时值.csv"
    file.write_text("\n".join(rows), encoding="utf-8-sig")
    code, told, errors = house.process.command(
        "import", "--data", str(house.process.data), str(file)
    )
    assert code == 0, (told, errors)
    house.settled()


def _records(person, kind: str, begin: str, end: str, only: str):
    """The page of records behind a ratio: its rows by section, and how many count in the numerator."""
    page = open_page(person, f"/records/{kind}?area={NORTH}&begin={begin}&end={end}&only={only}")
    rows = {}
    for row in page.xpath("//main//tbody/tr"):
        cells = [re.sub(r"\s+", " ", cell.text_content()).strip() for cell in row.xpath("td")]
        rows[cells[0]] = cells
    mine = {name: cells for name, cells in rows.items() if name in NAMES}
    return mine, sum("✓" in cells for cells in mine.values()), text(page)


@pytest.mark.story("Q8")
def test_ten_sections_of_a_month_reach_their_targets(sections, visitor):
    """S3: ten national and provincial sections, 100 % Ⅲ or better, 50 % Ⅱ or better."""
    desk = visitor("monitor")
    rows, good, said = _records(desk, "water-sections", f"{YEAR}-05-01", f"{YEAR}-06-01", "good")
    assert (len(rows), good) == (10, 10)
    assert [cells[3] for cells in rows.values()].count("Ⅱ") == 5
    assert [cells[3] for cells in rows.values()].count("Ⅲ") == 5
    assert "有类别 10 个" in said
    _rows, attained, _ = _records(
        desk, "water-sections", f"{YEAR}-05-01", f"{YEAR}-06-01", "attained"
    )
    assert attained == 10


@pytest.mark.story("Q8")
def test_a_bad_month_is_inferior_v_and_the_item_that_decides_it_is_named(sections, visitor):
    """One section at 1.6 times above its class is inferior Ⅴ by total phosphorus; nine of ten stay good."""
    desk = visitor("monitor")
    span = (f"{YEAR}-06-01", f"{YEAR}-07-01")
    rows, inferior, _ = _records(desk, "water-sections", *span, "inferior")
    assert inferior == 1
    assert rows[NAMES[9]][3] == "劣Ⅴ"
    # Its total phosphorus is 1.6 times above the 0.2 mg/L of class Ⅲ.
    assert "总磷" in rows[NAMES[9]][5]
    assert "1.6" in rows[NAMES[9]][5]
    assert _records(desk, "water-sections", *span, "good")[1] == 9
    assert _records(desk, "water-sections", *span, "attained")[1] == 9


@pytest.mark.story("Q8")
def test_month_by_month_cumulative_and_of_the_year(sections, visitor):
    """Twenty section-months, nineteen attained; the mean of both months decides the cumulative class."""
    desk = visitor("monitor")
    rows, good, said = _records(desk, "water-months", f"{YEAR}-01-01", f"{YEAR}-07-01", "good")
    assert "20 断面次，达标 19 断面次" in said
    # 0.15 and 0.52 mg/L: 0.335 on the mean, class Ⅴ.
    assert rows[NAMES[9]][2:5] == ["Ⅲ", "劣Ⅴ", "Ⅴ"]
    assert good == 9
    # The class of the year is that of its mean, and what attains it the year's, beside 19 of 20 months.
    year = (f"{YEAR}-01-01", f"{YEAR + 1}-01-01")
    rows, good, _ = _records(desk, "water-sections", *year, "good")
    assert rows[NAMES[9]][3] == "Ⅴ"
    assert (good, [cells[3] for cells in rows.values()].count("Ⅱ")) == (9, 5)
    assert _records(desk, "water-sections", *year, "attained")[1] == 9
    assert _records(desk, "water-sections", *year, "inferior")[1] == 0

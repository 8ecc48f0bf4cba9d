"""Rosters in editions: drafted, copied, compared, published from a day on, frozen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone
from tests.conftest import COUNTY, NORTH

from ecoledger.accounts import audit
from ecoledger.accounts.models import AuditEntry
from ecoledger.books import roster as rosters
from ecoledger.books.models import Edition, RosterLine
from ecoledger.books.roster import Roster
from ecoledger.entities.models import Enterprise
from ecoledger.listings import importing, selecting
from ecoledger.listings.parts import Import
from ecoledger.listings.refusals import Refused
from ecoledger.registers.enforcement.check_objects import OBJECTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def key_units(declared):
    return declared(
        Roster(
            key="test_key_units",
            label="环境监管重点单位名录",
            model=RosterLine,
            attributes=("reason",),
            columns=("entity", "area_code", "reason"),
            filters=("edition",),
        )
    )


@pytest.fixture
def firms(db):
    return [
        Enterprise.objects.create(code=f"E-{n}", name=f"{n}号厂", area_code=NORTH)
        for n in range(1, 5)
    ]


def fill(roster, edition, *lines):
    for entity, reason in lines:
        roster.open_row(
            {"edition": edition, "entity": entity, "reason": reason}, None, edition.made_at
        )


@pytest.fixture
def year_2025(key_units, firms):
    edition = rosters.draft(key_units, "2025", COUNTY, by=None)
    fill(key_units, edition, (firms[0], "水"), (firms[1], "大气"), (firms[2], "土壤"))
    return rosters.publish(key_units, edition, date(2025, 4, 1), by=None)


def test_a_day_tells_who_was_on_the_list_then(key_units, firms, year_2025):
    new = rosters.copy(key_units, year_2025, "2026", by=None)
    rosters.remove(key_units, key_units.lines(new).get(entity=firms[1]), by=None)
    fill(key_units, new, (firms[3], "噪声"))
    rosters.publish(key_units, new, date(2026, 4, 1), by=None)
    year_2025.refresh_from_db()
    assert year_2025.until == date(2026, 3, 31)
    assert key_units.in_force(COUNTY, date(2025, 3, 31)) is None
    assert key_units.in_force(COUNTY, date(2026, 3, 31)) == year_2025
    assert key_units.in_force(COUNTY, date(2026, 4, 1)) == new
    assert key_units.lists(firms[1], date(2026, 3, 31)).reason == "大气"
    assert key_units.lists(firms[1], date(2026, 4, 1)) is None
    assert key_units.lists(firms[3], date(2026, 4, 1)).reason == "噪声"


def test_the_list_shows_who_is_on_it_today_and_another_edition_when_asked(
    key_units, firms, year_2025, people
):
    new = rosters.copy(key_units, year_2025, "2026", by=None)

    def shown(**query):
        lines = selecting.select(key_units, people["leader"], query)
        return sorted(line.entity.name for line in lines)

    assert shown() == ["1号厂", "2号厂", "3号厂"]
    assert shown(edition=str(new.pk)) == ["1号厂", "2号厂", "3号厂"]
    rosters.publish(key_units, new, timezone.localdate() + timedelta(days=9), by=None)
    assert shown() == ["1号厂", "2号厂", "3号厂"]


def test_a_comparison_shows_added_left_changed_and_counts_the_rest(key_units, firms, year_2025):
    new = rosters.copy(key_units, year_2025, "2026", by=None)
    rosters.remove(key_units, key_units.lines(new).get(entity=firms[1]), by=None)
    fill(key_units, new, (firms[3], "噪声"))
    line = key_units.lines(new).get(entity=firms[0])
    key_units.change_row(line, {"reason": "水、大气"}, None, new.made_at)
    seen = rosters.compare(key_units, year_2025, new)
    assert [line.entity.name for line in seen.added] == ["4号厂"]
    assert [line.entity.name for line in seen.left] == ["2号厂"]
    assert [dict(c.values) for c in seen.changed] == [{"reason": ("水", "水、大气")}]
    assert seen.same == 1


def test_copying_never_publishes(key_units, year_2025):
    new = rosters.copy(key_units, year_2025, "2026", by=None)
    assert (new.state, new.since, new.copied_from) == ("draft", None, year_2025)
    assert key_units.in_force(COUNTY, date(2030, 1, 1)) == year_2025


def test_what_is_published_is_not_changed(key_units, firms, year_2025):
    line = key_units.lines(year_2025).first()
    with pytest.raises(Refused, match="已公布，不能再改"):
        key_units.change_row(line, {"reason": "另"}, None, year_2025.made_at)
    with pytest.raises(Refused, match="已公布"):
        fill(key_units, year_2025, (firms[3], "噪声"))
    with pytest.raises(Refused, match="已公布"):
        rosters.remove(key_units, line, by=None)


def test_an_empty_draft_or_one_before_the_last_is_not_published(key_units, year_2025):
    empty = rosters.draft(key_units, "2026", COUNTY, by=None)
    with pytest.raises(Refused, match="还没有内容"):
        rosters.publish(key_units, empty, date(2026, 4, 1), by=None)
    copied = rosters.copy(key_units, year_2025, "2026b", by=None)
    with pytest.raises(Refused, match="自 2025-04-01 起生效"):
        rosters.publish(key_units, copied, date(2025, 4, 1), by=None)


def test_only_published_editions_freeze(key_units, year_2025):
    draft = rosters.copy(key_units, year_2025, "2026", by=None)
    with pytest.raises(Refused, match="只有已公布"):
        rosters.freeze(key_units, draft, by=None)
    assert rosters.freeze(key_units, year_2025, by=None).state == "frozen"
    assert key_units.in_force(COUNTY, date(2026, 1, 1)) == year_2025


def test_lines_of_a_table_are_made_as_one_by_one(key_units, firms):
    edition = rosters.draft(key_units, "2026", COUNTY, by=None)
    fill(key_units, edition, (firms[0], "水"))
    said = [{"edition": edition, "entity": firm, "reason": "大气"} for firm in firms[1:]]
    lines = key_units.import_rows([(values, None) for values in said], None, None, edition.made_at)
    assert key_units.bulk
    assert [line.entity_id for line in key_units.lines(edition).order_by("pk")] == [
        f.pk for f in firms
    ]
    assert [key_units.lines(edition).get(pk=line.pk).area_code for line in lines] == [NORTH] * 3
    entries = AuditEntry.objects.filter(action="test_key_units.open").order_by("pk")
    assert [entry.object_id for entry in entries[1:]] == [str(line.pk) for line in lines]
    assert {frozenset(entry.details) for entry in entries} == {
        frozenset(("edition", "entity", "reason", "area_code"))
    }
    assert audit.first_broken() is None


def test_a_table_makes_no_lines_of_an_edition_in_force(key_units, firms, year_2025):
    said = [({"edition": year_2025, "entity": firms[3], "reason": "噪声"}, None)]
    with pytest.raises(Refused, match="不能再改"):
        key_units.import_rows(said, None, None, year_2025.made_at)


def test_an_edition_published_meanwhile_takes_and_gives_no_lines(key_units, firms):
    """What it was when a table began to be taken in does not count."""
    drafted = rosters.draft(key_units, "2026", COUNTY, by=None)
    fill(key_units, drafted, (firms[0], "水"))
    line = key_units.lines(drafted).get()
    rosters.publish(key_units, Edition.objects.get(pk=drafted.pk), date(2026, 4, 1), by=None)
    said = [({"edition": drafted, "entity": firms[1], "reason": "噪声"}, None)]
    with pytest.raises(Refused, match="不能再改"):
        key_units.import_rows(said, None, None, drafted.made_at)
    with pytest.raises(Refused, match="不能再改"):
        fill(key_units, drafted, (firms[1], "噪声"))
    assert not key_units.withdraw_row(line, None, drafted.made_at)
    # Nor does a line of a draft slip into it.
    other = rosters.copy(key_units, drafted, "2027", by=None)
    with pytest.raises(Refused, match="不能再改"):
        key_units.change_row(
            key_units.lines(other).get(), {"edition": drafted}, None, drafted.made_at
        )
    assert [line.entity_id for line in key_units.lines(drafted)] == [firms[0].pk]


@pytest.fixture
def imported(declared, firms):
    """Import lines of named firms into the draft 2026 of a roster that takes tables."""
    book = declared(
        Roster(
            key="test_imported_units",
            label="导入名录",
            model=RosterLine,
            columns=("entity", "reason"),
            fields=("edition", "entity", "part", "reason"),
            imports=Import(key=("edition", "entity", "part")),
        )
    )
    drafted = rosters.draft(book, "2026", COUNTY, by=None)

    def take_in(*names):
        table = "\n".join(
            ["版本,对象,列入原因", *(f"2026,{name},水{n}" for n, name in enumerate(names))]
        )
        batch = importing.preview(book, "名录.csv", table.encode(), by=None)
        assert not batch.bad.exists()
        return batch

    return book, drafted, take_in


def test_a_line_that_stands_already_is_refused_by_itself(imported):
    book, drafted, take_in = imported
    batch, later = take_in("1号厂", "2号厂", "1号厂"), take_in("2号厂")
    assert importing.accept(book, batch.pk, by=None) == (2, 1)
    assert "重复" in batch.bad.get().reason
    assert book.lines(drafted).count() == 2
    # Nothing of it could be taken in: it can be put aside.
    with pytest.raises(Refused, match="没有一行"):
        importing.accept(book, later.pk, by=None, again=True)
    importing.discard(book, later.pk, by=None)


def test_an_import_undone_leaves_what_was_published(imported):
    book, drafted, take_in = imported
    batch = take_in("1号厂", "2号厂")
    importing.accept(book, batch.pk, by=None)
    rosters.publish(book, drafted, date(2026, 4, 1), by=None)
    assert len(importing.undo(book, batch.pk, by=None)) == 2
    assert book.lines(drafted).count() == 2


def test_the_trail_keeps_what_a_withdrawn_line_said(key_units, firms):
    drafted = rosters.draft(key_units, "2026", COUNTY, by=None)
    fill(key_units, drafted, (firms[0], "水"))
    assert key_units.withdraw_row(key_units.lines(drafted).get(), None, drafted.made_at)
    assert not key_units.lines(drafted).exists()
    details = AuditEntry.objects.get(action="test_key_units.withdraw").details
    assert (details["entity"]["code"], details["reason"], details["area_code"]) == (
        "E-1",
        "水",
        NORTH,
    )


def test_a_preview_refuses_lines_of_what_is_published_and_lines_about_nothing(firms):
    old = rosters.draft(OBJECTS, "2025", COUNTY, by=None)
    fill(OBJECTS, old, (firms[0], "水"))
    rosters.publish(OBJECTS, old, date(2025, 4, 1), by=None)
    rosters.draft(OBJECTS, "2026", COUNTY, by=None)
    rows = "年度,检查对象,级别\n2025,2号厂,重点\n2026,,重点\n2026,2号厂,重点\n"
    batch = importing.preview(OBJECTS, "名录.csv", rows.encode("utf-8-sig"), by=None)
    published, nothing, good = batch.rows.all()
    assert "“2025”已公布，不能再改。" in published.reason
    assert (nothing.wrong, good.wrong) == (True, False)
    assert importing.accept(OBJECTS, batch.pk, by=None) == (1, 2)
    assert OBJECTS.wrong({}, None) == {"entity": "没有对象。请选择列入的对象或单位。"}

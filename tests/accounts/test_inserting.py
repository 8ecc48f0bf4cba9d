"""Many rows written by one statement are what ``bulk_create`` would have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy

from ecoledger.accounts import inserting
from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Station
from ecoledger.listings.models import ImportBatch, ImportRow
from ecoledger.monitoring.models import Limit
from ecoledger.web.models import SearchEntry

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 1, 8, tzinfo=UTC)


def rows_of_import(batch: ImportBatch) -> list[ImportRow]:
    """All kinds of cells, full and empty, the same and not."""
    return [
        ImportRow(
            batch=batch,
            sheet="表一",
            number=n,
            raw={"乙": n, "甲": None} if n % 2 else {},
            values={"at": AT + timedelta(days=n), "share": Decimal("0.10")},
            errors=[{"message": "缺"}] if n == 3 else [],
            wrong=n == 3,
            key=str(n),
            made=None if n % 2 else n,
        )
        for n in range(7)
    ]


def test_rows_are_those_of_bulk_create():
    one, other = (ImportBatch.objects.create(listing="x", file_name=name) for name in "ab")
    ImportRow.objects.bulk_create(rows_of_import(one))
    inserting.insert(ImportRow, rows_of_import(other))

    def kept(batch):
        return [model_to_dict(row, exclude=["id", "batch"]) for row in batch.rows.order_by("id")]

    assert kept(one) == kept(other)
    assert list(kept(other)[1]["raw"]) == ["乙", "甲"]


def test_keys_come_in_the_order_of_the_rows():
    units = [Organisation(name=f"第{n}单位", kind="town", area_code="990101") for n in range(120)]
    keys = inserting.insert_with_keys(Organisation, units)
    names = dict(Organisation.objects.values_list("pk", "name"))
    assert [names[key] for key in keys] == [unit.name for unit in units]


def test_times_numbers_and_words_are_kept_as_the_fields_keep_them():
    station = Station.objects.create(code="S", name="站", area_code="990101", medium="air")
    limits = [
        Limit(entity=station, parameter="a34004", unit="µg/m³", value=Decimal(value), since=AT.date())
        for value in ("35", "75.50")
    ]  # fmt: skip
    inserting.insert(Limit, limits[1:])
    kept = Limit.objects.get()
    assert (kept.value, kept.since) == (Decimal("75.5"), AT.date())
    person = Person(username="w", name=gettext_lazy("王"), last_login=AT)
    inserting.insert(Person, [person])
    assert Person.objects.values_list("name", "last_login").get(username="w") == ("王", AT)


def entry(name: str, target: int = 1) -> SearchEntry:
    return SearchEntry(kind="entity", target=target, name=name, words=name, area_code="990101")


def test_rows_that_are_there_are_written_over_or_refuse_the_whole():
    inserting.insert(SearchEntry, [entry("旧"), entry("另", 2)], over=("kind", "target"))
    inserting.insert(SearchEntry, [entry("新"), entry("第三", 3)], over=("kind", "target"))
    names = SearchEntry.objects.order_by("target").values_list("name", flat=True)
    assert list(names) == ["新", "另", "第三"]
    with pytest.raises(IntegrityError), transaction.atomic():
        inserting.insert(SearchEntry, [entry("第四", 4), entry("又", 2)])
    assert not SearchEntry.objects.filter(target=4).exists()

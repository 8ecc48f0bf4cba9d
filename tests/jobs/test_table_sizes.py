"""The embedded database knows how large its tables have become, after a long import too."""

from __future__ import annotations

import pytest
from django.db import connection

from ecoledger.entities.models import Area
from ecoledger.jobs import table_sizes
from ecoledger.listings import importing
from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.importing import accepting


def _rows(table: str) -> int:
    """How many rows the planner believes ``table`` to have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = %s LIMIT 1", [table])
        row = cursor.fetchone()
    return int(row[0].split()[0]) if row else 0


@pytest.mark.django_db
def test_a_long_import_is_counted_a_short_one_is_not(monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL counts by itself")
    Area.objects.create(code="990101001", name="北镇", level="town")
    table_sizes.note()
    assert _rows("entities_enterprise") == 0
    book = listing_of("enterprise")

    def enter(first: int) -> None:
        lines = [f"E-{n},第{n}纺织厂,北镇" for n in range(first, first + 3)]
        content = "\n".join(["编码,名称,行政区划", *lines]).encode()
        batch = importing.preview(book, f"{first}.csv", content, by=None)
        assert importing.accept(book, batch.pk, by=None) == (3, 0)

    enter(1)
    assert _rows("entities_enterprise") == 0
    monkeypatch.setattr(accepting, "GROWN", 3)
    enter(11)
    assert _rows("entities_enterprise") == 6

"""What an import took in is taken back as it came: also rows that name one another, never what a later table put right."""

from __future__ import annotations

import pytest

from ecoledger.accounts.models import Person
from ecoledger.entities.models import River
from ecoledger.listings import importing
from ecoledger.listings.catalogue import listing_of

pytestmark = pytest.mark.django_db


def taken_in(key: str, table: str):
    batch = importing.preview(listing_of(key), f"{key}.csv", table.encode(), by=None)
    importing.accept(listing_of(key), batch.pk, by=None)
    return batch


def test_rows_that_name_one_another_are_taken_back_together(bureau):
    batch = taken_in(
        "river", "名称,所在地,汇入河流\n甲溪,990101,\n乙溪,990101,甲溪\n丙溪,990101,乙溪\n"
    )
    came = River.objects.filter(name__in=("甲溪", "乙溪", "丙溪"))
    assert came.count() == 3
    assert importing.undo(listing_of("river"), batch.pk, by=None) == []
    assert not came.exists()


def test_what_a_later_table_put_right_stays(bureau):
    unit = bureau.people["officer"].organisation.name
    head = "用户名,姓名,单位,岗位,数据范围,电话\n"
    first = taken_in(
        "person",
        f"{head}wujun,吴军,{unit},执法人员、监测人员,990101,\nlilan,李兰,{unit},乡镇人员,990101,\n",
    )
    taken_in("person", f"{head}wujun,吴军,{unit},执法人员,990101,13800000000\n")
    kept = importing.undo(listing_of("person"), first.pk, by=None)
    assert [person.username for person in kept] == ["wujun"]
    assert not Person.objects.filter(username="lilan").exists()

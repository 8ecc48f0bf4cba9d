"""日常巡查记录 (mechanism E1): who walked which cell when, and how many problems were seen. A fact, no inspection.

No track is kept and nobody is ranked (国办《政务移动互联网应用程序规范化管理办法》): counts are of cells and towns.
"""

from __future__ import annotations

from django.db import models

from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Import, View


class Patrol(LogEntry):
    """One patrol of a cell."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_patrol"
    )
    patrol_no = models.CharField("巡查单号", max_length=40, blank=True, db_index=True)
    walker = models.CharField("网格员", max_length=60, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    problems = models.PositiveSmallIntegerField("发现问题数", default=0)
    settled = models.PositiveSmallIntegerField("当场处置数", default=0)

    class Meta:
        verbose_name = "网格巡查"


PATROLS = declare(Log(
    key="patrol", offline=True, label="网格巡查记录", model=Patrol, line="enforcement", begets="grid_event",
    columns=("entity", "at", "walker", "problems", "settled", "note", "patrol_no", "area_code", "by"),
    filters=("area_code", "entity", "at", "problems"), search=("entity__name", "walker", "note", "patrol_no"),
    fields=("entity", "at", "ended_at", "walker", "problems", "settled", "note"),
    labels={"entity": "网格", "at": "巡查时间", "note": "巡查情况"},
    views=(View("found", "发现问题的", {"problems_from": "1"}),), lead="entity",
    imports=Import(
        key=("patrol_no",),
        columns=("patrol_no", "entity", "at", "ended_at", "walker", "problems", "settled", "note"),
        headers={"patrol_no": ("单号", "编号", "巡查编号"), "entity": ("所属网格", "网格名称", "网格编码"),
                 "at": ("开始时间", "巡查日期", "时间"), "walker": ("巡查人", "巡查人员", "姓名"),
                 "problems": ("问题数", "发现数"), "settled": ("自办数", "自行处置"),
                 "note": ("巡查内容", "情况", "备注")},
        examples={"patrol_no": "XC-0001", "entity": "北镇一网格", "at": "2026-03-02 09:10",
                  "walker": "某某", "problems": "0", "note": "未发现问题"},
    ),
    edit=BUREAU | {Role.TOWN, Role.GRID},
    empty="还没有巡查记录。网格员在手机上登记，或导入巡查台账。",
))  # fmt: skip

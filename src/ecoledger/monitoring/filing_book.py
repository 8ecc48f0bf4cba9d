"""The book of filed shutdowns, maintenance and faults (停运、维护、故障申报), as spreadsheets bring it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.entities.inventory import refused
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.monitoring.alarming import filings
from ecoledger.monitoring.models import Filing


@dataclass(frozen=True, kw_only=True, eq=False)
class FilingBook(Listing):
    """Filings go in by their own rules, whoever brings them; their page shows what is done about them."""

    @property
    def url(self) -> str:
        return "/filings"

    def url_of(self, row: Any) -> str:
        return self.url

    def may_open(self, person: Person) -> bool:
        return person.may("file_shutdown")

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        given = dict(values)
        filer = by or given.get("filed_by")
        given.pop("filed_by", None)
        if filer is None:
            why = _("没有写明由谁申报。")
            raise Refused("form", why, _("请填写“申报人”一列。"), fields={"filed_by": [why]})
        end, point = given.pop("end", None), given.pop("point", None)
        try:
            return filings.file(filer, given.pop("entity"), end=end, point=point, **given)
        except (ValidationError, PermissionDenied) as error:
            raise refused(error) from error

    def withdraw_row(self, row: Any, by: Person | None, at: datetime) -> bool:
        """Taken back, not deleted: what was filed stays on record."""
        try:
            filings.withdraw(by or row.filed_by, row, reason=_("导入撤销"))
        except (ValidationError, PermissionDenied):
            return False
        return True


FILINGS = declare(
    FilingBook(
        key="filing",
        label="停运申报",
        line="monitoring",
        model=Filing,
        see="see_monitoring",
        edit=CAPABILITIES["file_shutdown"],
        enterprise="entity__code",
        labels={"entity": "对象", "point": "监测点", "filed_by": "申报人"},
        columns=("entity", "point", "kind", "begin", "end", "reason", "filed_by", "filed_at", "decision"),
        filters=("kind", "decision", "area_code", "begin"),
        search=("entity__name", "reason"),
        fields=("entity", "point", "kind", "begin", "end", "reason"),
        lead="entity",
        order=("-begin", "-pk"),
        imports=Import(
            key=("entity", "kind", "begin"),
            also=(Ask("filed_by", required=False),),
            headers={
                "entity": ("企业名称", "排放口", "停运单位", "申报单位"),
                "kind": ("申报类别", "停运类型"),
                "begin": ("停运开始时间", "开始时间"),
                "end": ("停运结束时间", "结束时间", "恢复时间"),
                "reason": ("停运原因",),
                "filed_by": ("上报人", "填报人"),
            },
            examples={"kind": "停产停运", "begin": "2026-11-02 08:00", "end": "2026-11-04 18:00",
                      "reason": "设备检修"},
            future=(),
        ),
        empty="还没有停运申报。",
    )
)  # fmt: skip

"""The book of filed shutdowns, maintenance and faults (停运、维护、故障申报), as spreadsheets bring it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.accounts.scope import visible
from ecoledger.entities.about import in_scope
from ecoledger.entities.inventory import label_of, refused
from ecoledger.entities.models import Entity
from ecoledger.entities.owned import FIRM, FIRM_HEADERS, named_at_firm
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Column, Import, Kind, View
from ecoledger.listings.refusals import Refused
from ecoledger.monitoring.alarming import filings
from ecoledger.monitoring.models import Filing, Point


class FilingBook(Listing):
    """Filings go in by their own rules, whoever brings them; their page shows what is done about them."""

    def url_of(self, row: Any) -> str:
        return f"{self.url}/{row.pk}"

    @property
    def form_url(self) -> str:
        return f"{self.url}/new"

    def visible_to(self, person: Person) -> QuerySet[Any]:
        """Filings in scope; a firm's people see those of the firm and of its outlets."""
        rows = Filing.objects.select_related("entity", "point", "filed_by")
        if not person.may(self.see):
            return rows.none()
        return rows.filter(in_scope(person))

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        asked = Q()
        if query.get("waiting"):
            asked &= Q(withdrawn_at=None, decision=Filing.Decision.WAITING)
        if query.get("current"):
            asked &= Filing.silencing() & Q(begin__lte=now) & (Q(end=None) | Q(end__gte=now))
        return asked

    def may_open(self, person: Person) -> bool:
        return person.may("file_shutdown")

    def may_change(self, person: Person) -> bool:
        """What was filed stays as it was: it is ended, taken back, agreed to or not."""
        return False

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        given = dict(values)
        filer = given.pop("filed_by", None)
        if (by or filer) is None:
            return {"filed_by": _("没有写明由谁申报。")}
        if not filings.may_file(by or filer, given["entity"]):
            return {"entity": filings.not_yours()}
        return filings.wrong(by or filer, given.pop("entity"), **given)

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        given = dict(values)
        filer = given.pop("filed_by", None)
        if (by or filer) is None:
            why = _("没有写明由谁申报。")
            raise Refused("form", why, _("请填写“申报人”一列。"), fields={"filed_by": [why]})
        try:
            return filings.file(by or filer, given.pop("entity"), **given)
        except (ValidationError, PermissionDenied) as error:
            raise refused(error) from error

    def withdraw_row(self, row: Any, by: Person | None, at: datetime) -> bool:
        """Taken back, not deleted: what was filed stays on record."""
        try:
            filings.withdraw(by or row.filed_by, row, reason=_("导入撤销"))
        except (ValidationError, PermissionDenied):
            return False
        return True


def _points(person: Person | None) -> QuerySet[Any]:
    """The points in scope that something is judged of."""
    rows = Point.objects.filter(enabled=True).exclude(kind=Point.Kind.AREA).select_related("entity")
    return rows if person is None else visible(rows, person, "area_code", "owner_code")


def _objects(person: Person | None) -> QuerySet[Any]:
    """What has such points, and the firms to which they belong."""
    points = _points(person)
    with_points = Q(pk__in=points.exclude(entity=None).values("entity"))
    owners = Q(code__in=points.exclude(owner_code="").values("owner_code"))
    return Entity.objects.filter(with_points | owners).order_by("code")


OBJECTS = declare_lookup(
    Lookup(
        key="filing_object", model=Entity, label="申报对象", rows=_objects, see="see_monitoring",
        exact=("name", "code", "identifiers__value"), begins=("code",),
        under=lambda row: " · ".join(filter(None, (_(label_of(row.kind)), row.code))),
    )
)  # fmt: skip
POINTS = declare_lookup(
    Lookup(
        key="filing_point", model=Point, label="监测点", rows=_points, see="see_monitoring",
        exact=("name",), contains=("name", "entity__name"), under=lambda row: str(row.entity or ""),
    )
)  # fmt: skip

_POINT = Column("point", nothing="全部")
_END = Column("end", nothing="未定")
_STANDING = Column("standing", "状态", Kind.STATE, choices=tuple(Filing.Standing.choices))

FILINGS = declare(
    FilingBook(
        key="filing",
        label="停运申报",
        line="monitoring",
        at="/filings",
        model=Filing,
        see="see_monitoring",
        edit=CAPABILITIES["file_shutdown"],
        enterprise="entity__code",
        labels={"entity": "对象", "point": "监测点", "filed_by": "申报人", "decided_by": "核定人",
                "area_code": "属地"},
        columns=("entity", _STANDING, "kind", "begin", _END, "reason", _POINT, "filed_by", "filed_at"),
        # Its page tells the rest: how it stands, what was odd about it, who decided and why.
        details=("entity", _POINT, "area_code", "kind", "begin", _END, "reason", "filed_by", "filed_at"),
        filters=("kind", "decision", "area_code", "begin"),
        views=(View("waiting", "待确认", {"waiting": "1"}), View("current", "正在生效", {"current": "1"})),
        tab="data",
        search=("entity__name", "point__name", "reason"),
        fields=("entity", "point", "kind", "begin", "end", "reason"),
        lead="entity",
        order=("-begin", "-pk"),
        imports=Import(
            key=("entity", "kind", "begin"),
            also=(Ask("filed_by", required=False), FIRM),
            read=named_at_firm,
            headers={
                "firm": FIRM_HEADERS,
                "entity": ("企业名称", "排放口", "排放口编号", "排口", "停运单位", "申报单位"),
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
        empty="没有申报。计划停运、检修或设备故障时，请在这里申报，以免误报。",
    )
)  # fmt: skip

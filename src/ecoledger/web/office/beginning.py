"""开始使用: what a new bureau enters, in which order, and what is still missing. The command ``check`` says the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET

from ecoledger.accounts import grants
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.accounts.wording import numbered
from ecoledger.entities.models import Area, Charge, Enterprise, Outlet, Relation, Section, Station
from ecoledger.entities.validity import in_force
from ecoledger.indicators import targets
from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.listing import Listing
from ecoledger.monitoring.models import Limit, Point
from ecoledger.web.access import Request

# Nobody can do the bureau's work without these.
NEEDED_ROLES = (Role.LEADER, Role.DISPATCHER, Role.MONITOR, Role.OFFICER, Role.TOWN)


# What is missing, and what brings it where that is not the table of its step: another table, or a remedy in words.
Lacks = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Step:
    """One thing to enter. ``kind`` is the key of its book; ``missing`` says in sentences what is not there yet."""

    kind: str
    label: str
    why: str
    count: Callable[[], int]
    missing: Callable[[], Lacks]
    needed: bool = True


def _none(rows: Callable[[], int], text: str) -> Callable[[], Lacks]:
    def said() -> Lacks:
        if not rows():
            yield _(text), ""

    return said


def _areas() -> Lacks:
    if not Area.objects.exists():
        yield _("还没有行政区划"), ""
    elif count := Area.objects.filter(geometry__isnull=True).count():
        said = numbered("%d 个区划没有边界，地图上看不到，坐标也不能核对", count) % count
        yield said, "ecoledger enter boundary 文件"


def _people() -> Lacks:
    for role in NEEDED_ROLES:
        if not grants.people_with((role,)).exists():
            yield _("没有%s") % _(role.label), ""
    waiting = Person.objects.filter(is_active=True, password__startswith="!", last_login=None)  # noqa: S106
    if count := waiting.count():
        yield numbered("%d 人还没有初始密码", count) % count, "ecoledger person first-passwords"


def _enterprises() -> Lacks:
    if not Enterprise.objects.exists():
        yield _("还没有企业"), ""
        return
    outlets = Outlet.objects.filter(parent_id=OuterRef("pk"))
    if count := Enterprise.objects.filter(~Exists(outlets), is_key=True).count():
        yield _("%d 家重点单位没有登记排放口") % count, "ecoledger enter outlet 文件"


def _outlets() -> Lacks:
    held = Limit.objects.filter(in_force(), entity_id=OuterRef("pk"))
    if count := Outlet.objects.filter(~Exists(held), points__isnull=False).distinct().count():
        said = numbered("%d 个在线监测的排放口没有许可限值，超标不能判断", count) % count
        yield said, "ecoledger enter limit 文件"


def _points() -> Lacks:
    if not Point.objects.exclude(kind=Point.Kind.AREA).exists():
        yield _("还没有监测点"), ""
    points = Point.objects.filter(entity_id=OuterRef("pk"))
    if count := Station.objects.filter(~Exists(points)).count():
        yield numbered("%d 个自动监测站没有监测点", count) % count, ""
    if count := Point.objects.exclude(kind=Point.Kind.AREA).filter(mn=None).count():
        yield numbered("%d 个监测点没有登记 MN，只能导入数据", count) % count, ""


def _river_network() -> Lacks:
    if Section.objects.count() > 1 and not Relation.objects.filter(kind="upstream_of").exists():
        yield _("断面之间没有登记上下游关系，不能推算流达时间"), ""


def _targets() -> Lacks:
    if not (Path(settings.PROFILE) / targets.FILE).exists():
        yield _("没有年度目标文件 %s") % targets.FILE, f"把 {targets.FILE} 放入数据目录的 profile/"


def _rows(kind: str) -> Callable[[], int]:
    return lambda: listing_of(kind).model._default_manager.count()


STEPS = (
    Step("area", noop("行政区划"), noop("数据范围、通报、排名都按区划。"), Area.objects.count, _areas),
    Step("boundary", noop("区划边界"), noop("地图和坐标核对用，GeoJSON 文件。"),
         Area.objects.exclude(geometry=None).count, lambda: iter(()), needed=False),
    Step("organisation", noop("单位"), noop("问题交办给单位，不交办给个人。"), Organisation.objects.count,
         _none(Organisation.objects.count, noop("还没有单位"))),
    Step("person", noop("人员"), noop("岗位决定能做什么，区划决定能看什么。"), Person.objects.count, _people),
    Step("enterprise", noop("企业"), noop("一企一档，许可证编号和信用代码。"), Enterprise.objects.count,
         _enterprises),
    Step("outlet", noop("排放口"), noop("许可限值和监测点都落在排放口上。"), Outlet.objects.count, _outlets,
         needed=False),
    Step("limit", noop("许可限值"), noop("带生效日期，超标按当日限值判。"), Limit.objects.count,
         lambda: iter(()), needed=False),
    Step("facility", noop("生产治理设施"), noop("产污、治污、排放口的对应。"),
         _rows("facility"), lambda: iter(()), needed=False),
    Step("station", noop("自动监测站"), noop("空气、地表水、噪声自动站。"), Station.objects.count,
         _none(Station.objects.count, noop("还没有自动监测站")), needed=False),
    Step("river", noop("河流"), noop("断面落在河流上，先登记河流。"), _rows("river"), lambda: iter(()), needed=False),
    Step("section", noop("断面"), noop("水质目标和上下游属地。"), Section.objects.count, lambda: iter(()),
         needed=False),
    Step("road", noop("道路"), noop("走航、扬尘按路段说明。"), _rows("road"), lambda: iter(()), needed=False),
    Step("point", noop("监测点与 MN"), noop("设备按 MN 认领，没登记的报文进隔离区。"),
         Point.objects.exclude(kind=Point.Kind.AREA).count, _points),
    Step("relation", noop("上下游、同址与对应关系"), noop("溯源、三长联动由此而来。"), Relation.objects.count,
         _river_network, needed=False),
    Step("charge", noop("责任人"), noop("河长、断面长、点位长：预警告知谁。"), Charge.objects.count,
         lambda: iter(()), needed=False),
    Step("filing", noop("停运申报"), noop("已报备的停产停运不再预警。"), _rows("filing"), lambda: iter(()),
         needed=False),
    Step("problem", noop("在办的问题台账"), noop("原来的台账整表导入，已办结的作为历史。"), _rows("problem"),
         lambda: iter(()), needed=False),
)  # fmt: skip


def missing() -> Iterator[tuple[str, str, str]]:
    """What is still missing, step by step: (kind, in a sentence, what brings it)."""
    for step in STEPS:
        for text, remedy in step.missing():
            yield step.kind, text, remedy or f"ecoledger enter {step.kind} 文件"
    for text, remedy in _targets():
        yield "targets", text, remedy


def is_done() -> bool:
    """Whether every needed step has something."""
    return all(step.count() for step in STEPS if step.needed)


def _may_alone(role: Role, book: Listing) -> bool:
    """Whether this role is enough to enter what the book holds."""
    somebody = Person(is_active=True)
    somebody.roles = [role.value]
    return role in book.edit and book.may_open(somebody)


@require_GET
def page(request: Request) -> HttpResponse:
    """The steps with counts, what is missing, and the way to each."""
    person = request.user
    if not (person.may("edit_registry") or person.may("manage_people")):
        raise PermissionDenied(_("您的岗位不含打开此页的权限。"))
    rows: list[dict[str, Any]] = []
    for number, step in enumerate(STEPS, 1):
        book = listing_of(step.kind)
        count, lacks = step.count(), [text for text, _remedy in step.missing()]
        rows.append(
            {
                "number": number,
                "step": step,
                "book": book,
                "count": count,
                "missing": lacks,
                "state": ""
                if count and lacks
                else "good"
                if count
                else "bad"
                if step.needed
                else "",
                "may": book.may_open(person),
                "sees": person.may(book.see),
                # Where nobody is there yet to enter it, who keeps people enters him first.
                "nobody": person.may("manage_people")
                and not grants.people_with(book.edit).exists(),
                "who": [_(role.label) for role in Role if _may_alone(role, book)][:4],
            }
        )
    first = next((row["number"] for row in rows if row["step"].needed and not row["count"]), 0)
    beside = [text for text, _remedy in _targets()]
    context = {"rows": rows, "first": first, "done": is_done(), "beside": beside}
    return render(request, "web/office/beginning.html", context)

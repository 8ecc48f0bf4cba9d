"""Where everything is: six entries, ten lines of business, and the books of a line by use.

The menu does not grow with the books: the open line shows at most :data:`SHOWN` of them, the rest stand on
the line's page. Books are the declared lists of ``listings.catalogue``; a page that is no list stands beside
them by a line of :data:`PAGES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import ADMINISTRATORS, BUREAU, CAPABILITIES, STAFF, Role
from ecoledger.entities.models import Area
from ecoledger.listings import catalogue
from ecoledger.matters.register import all_registers, visible_matters
from ecoledger.web.models import BookUse
from ecoledger.web.work import rail_load

Text = str | Promise
# Books of the open line; the rest under 「全部 N 本台账」.
SHOWN = 7
# A person with so few lines sees them all open.
FEW_LINES = 3


@dataclass(frozen=True)
class Page:
    """One page of the menu; ``capability`` is what opens it (``accounts.roles.CAPABILITIES``)."""

    url_name: str
    label: Text
    icon: str
    capability: str
    # Pages that belong to it: with one of them open, the entry is the current one.
    covers: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return reverse(self.url_name)


@dataclass(frozen=True)
class Line:
    """A line of business (条线): what one section of the bureau works on."""

    key: str
    label: Text
    icon: str
    section: Text

    @property
    def url(self) -> str:
        return reverse("line", args=[self.key])


@dataclass(frozen=True)
class Book:
    """A list or a page of a line, as the menu and the line's page show it."""

    key: str
    label: str
    line: str
    url: str
    kind: str
    url_names: tuple[str, ...] = ()


ENTRIES = (
    Page("home", _("首页"), "home", "see_cockpit", ("cockpit",)),
    Page("my-work", _("我的工作"), "work", "see_matters", ("notices",)),
    Page("map", _("一张图"), "map", "see_monitoring"),
    Page("archive", _("对象档案"), "enterprise", "see_monitoring", ("enterprises", "enterprise")),
    Page("targets", _("指标与目标"), "target", "see_cockpit", ("records",)),
    Page("documents", _("文书"), "bulletin", "receive_documents"),
)
SYSTEM = (
    Page("beginning", _("开始使用"), "help", "edit_registry"),
    Page("people", _("人员与权限"), "people", "manage_people", ("person", "person-new")),
    Page("audit", _("操作记录"), "audit", "see_audit"),
    Page("rules", _("预警规则"), "rules", "edit_rules", ("rule",)),
    Page("routing", _("交办规则"), "routing", "edit_routing", ("routing-rule", "routing-new")),
    Page("own-rules", _("本局规则"), "own-rules", "edit_routing", ("own-rules-edit",)),
    Page("quarantine", _("报文隔离区"), "quarantine", "see_quarantine", ("frame",)),
    Page("import", _("数据导入"), "import", "import_observations", ("import-preview",)),
)
LINES = (
    Line("assessment", _("综合考核"), "assessment", _("综合科、办公室")),
    Line("rectification", _("督察整改"), "matter", _("督察整改科")),
    Line("monitoring", _("监测预警"), "station", _("监测站")),
    Line("air", _("大气"), "air", _("大气科")),
    Line("water", _("水"), "water", _("水科")),
    Line("soil", _("土壤生态"), "soil", _("土壤科、自然科")),
    Line("waste", _("固废辐射"), "waste", _("固管中心")),
    Line("approval", _("审批总量"), "stamp", _("审批科")),
    Line("enforcement", _("执法信访"), "shield", _("执法大队")),
    Line("emergency", _("应急"), "warning", _("应急中心")),
)
# Pages that are not declared lists: line -> page.
PAGES = (
    ("assessment", Page("plans", _("计划文本"), "bulletin", "see_plans", ("plan",))),
    ("assessment", Page("target-book", _("目标跟踪"), "target", "see_plans")),
    ("assessment", Page("work-accounts", _("干事对账"), "work", "see_plans")),
    ("assessment", Page("warning-rules", _("预警约谈规则"), "rules", "see_plans")),
    ("assessment", Page("publicity", _("宣传统计"), "bulletin", "see_plans")),
    ("waste", Page("waste-year", _("固废一年"), "waste", "see_cockpit")),
    ("monitoring", Page("alarms", _("预警"), "alarm", "see_monitoring", ("alarm",))),
    (
        "monitoring",
        Page("stations", _("监测点"), "station", "see_monitoring", ("station", "value")),
    ),
    ("monitoring", Page("filings", _("停运申报"), "filing", "see_monitoring", ("filing-new",))),
    ("monitoring", Page("catalogue", _("数据目录"), "catalogue", "see_monitoring")),
    ("monitoring", Page("import", _("数据导入"), "import", "import_observations")),
    ("monitoring", Page("quarantine", _("报文隔离区"), "quarantine", "see_quarantine", ("frame",))),
    ("monitoring", Page("rules", _("预警规则"), "rules", "edit_rules", ("rule",))),
    ("monitoring", Page("bulletins", _("公报"), "bulletin", "make_reports", ("bulletin",))),
    ("monitoring", Page("station-towns", _("镇街站网"), "station", "see_cockpit")),
    ("monitoring", Page("air-capture", _("监测点数据捕集率"), "station", "see_cockpit")),
    ("monitoring", Page("air-transmission", _("在线监控传输有效率"), "station", "see_cockpit")),
    ("monitoring", Page("exchanges", _("省级系统交换"), "bulletin", "see_cockpit")),
    ("enforcement", Page("merge-visits", _("合并检查"), "shield", "merge_visits")),
    ("enforcement", Page("review-draw", _("案卷抽取"), "stamp", "draw_case_files")),
    (
        "air",
        Page(
            "air-weather",
            _("污染天气市镇联动"),
            "warning",
            "see_cockpit",
            ("air-response", "air-lists", "air-sign"),
        ),
    ),
    ("air", Page("air-tracing", _("监测点异常溯源"), "search", "see_cockpit")),
    ("air", Page("air-ranking", _("空气质量排名"), "target", "see_cockpit")),
    ("air", Page("air-baseline", _("近三年平均对比"), "target", "see_cockpit")),
    ("air", Page("air-tracks", _("走航热点"), "map", "see_cockpit", ("air-track",))),
    ("air", Page("air-patrols", _("巡查成效"), "search", "see_cockpit", ("air-effect",))),
    ("air", Page("air-noise", _("声环境质量"), "station", "see_cockpit")),
    ("air", Page("air-staggering", _("错峰执行"), "air", "see_cockpit")),
    ("soil", Page("soil-groundwater", _("地下水质量"), "station", "see_cockpit")),
    ("soil", Page("soil-farmland", _("耕地安全利用"), "target", "see_cockpit")),
    ("soil", Page("soil-grid", _("区块地下水"), "map", "see_cockpit")),
    (
        "enforcement",
        Page("portraits", _("小微企业画像"), "enterprise", "see_cockpit", ("portrait",)),
    ),
    ("water", Page("water-green", _("绿水智能管理"), "water", "see_monitoring")),
    ("water", Page("water-boundaries", _("镇街交接断面"), "water", "see_cockpit")),
    ("water", Page("water-compensation", _("镇街横向生态补偿"), "target", "see_cockpit")),
    ("water", Page("water-sea", _("近岸海域与入海河流"), "water", "see_cockpit")),
    ("water", Page("water-sources", _("饮用水水源地水质"), "water", "see_cockpit")),
    ("water", Page("water-outlets", _("内河入江口"), "target", "see_cockpit")),
    ("water", Page("water-upstream", _("上游溯源"), "search", "see_monitoring", ("water-trace",))),
    ("water", Page("water-help", _("断面专项帮扶跟踪"), "work", "see_cockpit")),
    ("approval", Page("approval-catalogue", _("目录与时限"), "stamp", "see_matters")),
    ("approval", Page("approval-reviews", _("双百审核"), "stamp", "see_cockpit")),
    ("approval", Page("filings-draw", _("登记表抽取"), "stamp", "draw_filings")),
    ("approval", Page("approval-agencies", _("星级评定"), "stamp", "see_cockpit")),
    ("enforcement", Page("routing", _("交办规则"), "routing", "edit_routing")),
    ("soil", Page("biodiversity", _("生物多样性监测"), "search", "see_cockpit")),
    (
        "emergency",
        Page("emergency-desk", _("一张图应急指挥"), "warning", "see_cockpit", ("emergency-scene",)),
    ),
    ("water", Page("sewage-balance", _("水污染物平衡核算"), "target", "see_cockpit")),
    (
        "water",
        Page("sewage-plants", _("污水处理厂运行"), "station", "see_monitoring", ("sewage-plant",)),
    ),
)
# Kind of book -> the word for it; the order is the line page's.
KINDS = {
    "Page": _("页面"),
    "Inventory": _("对象"),
    "Log": _("记录"),
    "Register": _("事项"),
    "Account": _("账"),
    "Roster": _("名录"),
    "Duty": _("义务"),
    "Campaign": _("专项行动"),
    "ScoreSheet": _("评分"),
    "Listing": _("清单"),
}
# Where lists stand that do not say their line themselves.
LINE_OF = {"alarm_case": "monitoring"}


def line_of(key: str) -> Line | None:
    """The line called ``key``."""
    return next((line for line in LINES if line.key == key), None)


def kind_of(declaration: object) -> str:
    """The name of the nearest kind of book a declaration is."""
    return next(
        (cls.__name__ for cls in type(declaration).__mro__ if cls.__name__ in KINDS), "Listing"
    )


def books(person: Person) -> tuple[Book, ...]:
    """Every book and page of a line that ``person`` may open, in the order of declaration.

    A book whose list is drawn by a page of its own stands as that page.
    """
    roles = frozenset(person.roles) if person.is_active else frozenset()
    shelf = _books(roles, get_language() or "", catalogue.edition())
    own = _own_books(person)
    if own is None:
        return shelf
    return tuple(book for book in shelf if book.kind == "Page" or book.key in own)


@lru_cache(maxsize=256)
def _books(roles: frozenset[str], _language: str, _edition: int) -> tuple[Book, ...]:
    """Every page draws the menu: its books are worked out once for those of the same roles."""

    def may(capability: str) -> bool:
        return not CAPABILITIES[capability].isdisjoint(roles)

    pages = {page.url for _line, page in PAGES}
    rows = []
    for listing in catalogue.all_listings():
        line = listing.line or LINE_OF.get(listing.key, "")
        if line and may(listing.see) and listing.url not in pages:
            label = gettext(str(listing.label))
            # The number beside a book of matters counts what is in hand: that is what opens.
            url = listing.url + ("?open=1&sort=due" if listing.is_work else "")
            rows.append(Book(listing.key, label, line, url, kind_of(listing)))
    for line_key, page in PAGES:
        if may(page.capability):
            names = (page.url_name, *page.covers)
            rows.append(Book(page.url_name, str(page.label), line_key, page.url, "Page", names))
    return tuple(rows)


def _own_books(person: Person) -> set[str] | None:
    """The books of a firm's user: those it writes in and those that hold something of it; ``None``: all books."""
    if person.has_role(*STAFF, *ADMINISTRATORS) or not person.has_role(Role.ENTERPRISE):
        return None
    own = set(visible_matters(person).order_by().values_list("register", flat=True).distinct())
    for listing in catalogue.all_listings():
        if listing.may_open(person) or (
            listing.enterprise and not listing.is_work and listing.visible_to(person).exists()
        ):
            own.add(listing.key)
    return own


# Pages of one row of a book.
ONE_OF = {"one-permit": "pollution_permit", "emergency-health": "health_assessment"}


@dataclass(frozen=True)
class Entry:
    """One row of the rail as drawn."""

    label: str
    icon: str
    url: str
    current: bool = False
    count: int = 0
    hot: bool = False
    open: bool = False
    books: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Menu:
    """The rail of one person on one page."""

    entries: tuple[Entry, ...] = ()
    lines: tuple[Entry, ...] = ()
    foot: tuple[Entry, ...] = ()
    # The line the page belongs to, for the crumb.
    line: Line | None = None


def lines_of(person: Person, all_books: Iterable[Book]) -> tuple[Line, ...]:
    """The lines a person may open: all of them inside the bureau, elsewhere those with a book."""
    if person.has_role(*BUREAU):
        return LINES
    filled = {book.line for book in all_books if book.kind != "Page"}
    return tuple(line for line in LINES if line.key in filled)


def uses_of(person: Person) -> dict[str, BookUse]:
    """How ``person`` uses each book."""
    return {use.book: use for use in BookUse.objects.filter(person=person)}


def by_use(uses: dict[str, BookUse], shelf: list[Book]) -> list[Book]:
    """Pinned books first, then those the person opened most, then pages of their own, then as declared."""

    def rank(book: Book) -> tuple[bool, int, bool]:
        use = uses.get(book.key)
        return (not (use and use.pinned), -(use.times if use else 0), book.kind != "Page")

    return sorted(shelf, key=rank)


def menu(person: Person, request: HttpRequest) -> Menu:
    """The rail of ``person`` on the page asked for."""
    match = request.resolver_match
    url_name = (match.url_name or "") if match else ""
    kwargs: dict[str, Any] = match.kwargs if match else {}
    here = (
        kwargs.get("key", "")
        if url_name.startswith(("matter", "book"))
        else ONE_OF.get(url_name, "")
    )
    all_books = books(person)
    counts = rail_load(request).open
    current = next((b for b in all_books if b.key == here or url_name in b.url_names), None)
    open_line = kwargs.get("key", "") if url_name == "line" else (current.line if current else "")
    lines = lines_of(person, all_books)
    shelves: dict[str, list[Book]] = {line.key: [] for line in lines}
    for book in all_books:
        shelves.setdefault(book.line, []).append(book)
    uses = uses_of(person)
    rows = []
    for line in lines:
        shelf = shelves[line.key]
        is_open = line.key == open_line or len(lines) <= FEW_LINES
        rows.append(
            Entry(
                str(line.label),
                line.icon,
                line.url,
                current=url_name == "line" and line.key == open_line,
                count=sum(counts.get(b.key, 0) for b in shelf),
                open=is_open,
                books=tuple(_shelf(by_use(uses, shelf), line, current, counts)) if is_open else (),
            )
        )
    return Menu(
        tuple(_entries(person, url_name)),
        tuple(rows),
        tuple(_foot(person, url_name)),
        line_of(open_line),
    )


def _entries(person: Person, url_name: str) -> Iterator[Entry]:
    if person.has_role(Role.ENTERPRISE):
        label, is_here = gettext("我的环保状态"), url_name == "my-status"
        yield Entry(label, "home", reverse("my-status"), is_here)
    for page in ENTRIES:
        if person.may(page.capability):
            is_here = url_name == page.url_name or url_name in page.covers
            yield Entry(str(page.label), page.icon, page.url, is_here)


def _shelf(
    shelf: list[Book], line: Line, current: Book | None, counts: dict[str, int]
) -> Iterator[Entry]:
    shown = shelf[:SHOWN]
    # The book one stands in is always there to be seen.
    if current and current.line == line.key and current not in shown:
        shown = [*shown[:-1], current]
    for book in shown:
        yield Entry(book.label, "", book.url, book == current, counts.get(book.key, 0))
    if len(shelf) > len(shown):
        label = gettext("全部 %(n)s 本台账") % {"n": len(shelf)}
        yield Entry(label, "", line.url)


def _foot(person: Person, url_name: str) -> Iterator[Entry]:
    if any(person.may(page.capability) for page in SYSTEM):
        covered = {n for page in SYSTEM for n in (page.url_name, *page.covers)}
        yield Entry(gettext("系统"), "rules", reverse("system"), url_name in {"system", *covered})
    yield Entry(gettext("帮助"), "help", reverse("help"), url_name.startswith("help"))


@dataclass(frozen=True)
class Thumb:
    """One of the five buttons at the foot of a phone."""

    label: str
    icon: str
    url: str
    current: bool = False
    main: bool = False
    count: int = 0


# Roles that work with a phone in the hand; the others get the desk's pages folded.
ON_THE_MOVE = frozenset({Role.TOWN, Role.GRID, Role.THIRD_PARTY, Role.ENTERPRISE, Role.OFFICER})


def thumbs(person: Person, request: HttpRequest) -> list[Thumb]:
    """The bar at the foot of the phone for those who work outside."""
    if not person.has_role(*ON_THE_MOVE) or person.has_role(Role.LEADER, Role.DISPATCHER):
        return []
    match = request.resolver_match
    here = (match.url_name or "") if match else ""
    firm = person.has_role(Role.ENTERPRISE)
    report = next(
        (r for r in all_registers() if r.key == "grid_event" and r.may_open(person)), None
    )
    rows = [Thumb(gettext("我的事"), "work", reverse("my-work"), here == "my-work")]
    if firm:
        rows.insert(0, Thumb(gettext("状态"), "home", reverse("my-status"), here == "my-status"))
    if person.may("see_monitoring"):
        rows.append(Thumb(gettext("地图"), "map", reverse("map"), here == "map"))
    if firm:
        rows.append(Thumb(gettext("申报"), "filing", reverse("filings"), here == "filings"))
    elif report is not None:
        rows.append(
            Thumb(gettext("随手报"), "camera", reverse("report"), here == "report", main=True)
        )
    if person.may("see_cockpit"):
        # A town's people find their town there, the bureau's people all of it.
        of_town = person.has_role(Role.TOWN, Role.GRID)
        label, icon = (gettext("本镇"), "town") if of_town else (gettext("首页"), "home")
        rows.append(Thumb(label, icon, reverse("home"), here == "home"))
    rows.append(Thumb(gettext("我"), "person", reverse("account"), here == "account"))
    return rows


def system_pages(person: Person) -> list[Page]:
    """What stands under 系统 for ``person``."""
    return [page for page in SYSTEM if person.may(page.capability)]


def all_pages(person: Person) -> Iterator[tuple[str, str]]:
    """(label, address) of every page a person may open by name: entries, lines, books, system pages."""
    for page in (*ENTRIES, *SYSTEM):
        if person.may(page.capability):
            yield str(page.label), page.url
    shelf = list(books(person))
    for line in lines_of(person, shelf):
        yield str(line.label), line.url
    for book in shelf:
        yield book.label, book.url
    yield gettext("我的账号"), reverse("account")
    yield gettext("消息"), reverse("notices")


# Role -> the page it lands on after signing in; the first that fits.
LANDING: tuple[tuple[Role, str, tuple[str, ...]], ...] = (
    (Role.LEADER, "home", ()),
    (Role.DISPATCHER, "my-work", ()),
    (Role.MONITOR, "line", ("monitoring",)),
    (Role.OFFICER, "my-work", ()),
    (Role.APPROVER, "my-work", ()),
    (Role.COMPLAINT, "line", ("enforcement",)),
    (Role.DISCIPLINE, "line", ("assessment",)),
    (Role.TOWN, "my-work", ()),
    (Role.GRID, "my-work", ()),
    (Role.THIRD_PARTY, "my-work", ()),
    (Role.ENTERPRISE, "my-status", ()),
    (Role.AUDIT_ADMIN, "audit", ()),
    (Role.SECURITY_ADMIN, "people", ()),
    (Role.SYSTEM_ADMIN, "system", ()),
)


def first_page(person: Person) -> str:
    """Address of the page a person lands on after signing in."""
    if person.has_role(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN) and not Area.objects.exists():
        return reverse("beginning")  # a new house: what to enter first
    for role, url_name, args in LANDING:
        if person.has_role(role):
            return reverse(url_name, args=args)
    return reverse("account")

"""The help page of a book: who enters, its steps and terms, what a form and a table hold. All from its declaration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.listings.catalogue import all_listings
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Kind
from ecoledger.matters import deadlines
from ecoledger.matters.register import Register
from ecoledger.matters.workflow import Transition
from ecoledger.web.help.guides import Guide, Point, section
from ecoledger.web.help.words import OF_KINDS
from ecoledger.web.navigation import KINDS, LINE_OF, kind_of, line_of

_MOST_CHOICES = 12


def open_to(person: Person) -> Iterator[Listing]:
    """The books of a line that ``person`` may open."""
    for listing in all_listings():
        if (listing.line or LINE_OF.get(listing.key)) and person.may(listing.see):
            yield listing


def guides(person: Person) -> Iterator[Guide]:
    """A guide for each book ``person`` may open."""
    return (guide(listing, person) for listing in open_to(person))


def names(roles: Iterable[Role]) -> str:
    """Roles by name, in their order."""
    wanted = set(roles)
    return _("、").join(_(role.label) for role in Role if role in wanted)


def guide(listing: Listing, person: Person) -> Guide:
    """What ``person`` is told about a book."""
    kind = kind_of(listing)
    line = line_of(listing.line or LINE_OF.get(listing.key, ""))
    lead = str(OF_KINDS.get(kind, ""))
    sections = (*section(_("谁用"), _who(listing)),)
    if isinstance(listing, Register):
        sections += section(_("步骤"), list(_steps(listing)))
        sections += section(_("时限"), list(_terms(listing)))
    asks = listing.open_asks(person, listing.fields)
    sections += section(_("登记时填"), [_asked(ask) for ask in asks])
    if listing.imports is not None:
        sections += section(_("从表格导入"), list(_imported(listing, person)))
    sections += section(_("还可以"), list(_more(listing, person)))
    return Guide(
        f"book/{listing.key}",
        _(str(listing.label)),
        lead,
        sections,
        also=f"{_(str(KINDS[kind]))} {line.label if line else ''}",
    )


def _who(listing: Listing) -> list[Point]:
    seers = CAPABILITIES[listing.see]
    points = [Point(_("打开"), names(seers), listing.url)]
    if listing.fields or listing.imports:
        points.append(Point(_("登记"), names(seers & listing.edit)))
    if isinstance(listing, Register):
        points.append(Point(_("调度"), names(listing.manage)))
    for name, capability in listing.hidden.items():
        label = listing.derive.column(name).label
        said = _("只有%s能看到") % names(CAPABILITIES[capability])
        points.append(Point(_(str(label)), said))
    return points


def _steps(register: Register) -> Iterator[Point]:
    labels = {state.name: _(str(state.label)) for state in register.workflow.states}
    for state in register.workflow.states:
        for step in register.workflow.transitions:
            if state.name in step.sources:
                yield Point(
                    f"{labels[state.name]} → {_(str(step.label))}", _step(register, step, labels)
                )


def _step(register: Register, step: Transition, labels: dict[str, str]) -> str:
    """Who does it, what it asks, where it leads."""
    said = [names(step.by) if step.by else _("系统")]
    if step.owner_only:
        said.append(_("限责任单位"))
    if step.by_opener:
        said.append(_("限提出人或其单位"))
    asked = [_(str(ask.label)) for ask in register.asks_of(step) if ask.required]
    if asked:
        said.append(_("要填：%s") % _("、").join(asked))
    if step.evidence:
        said.append(_("至少 %d 份证据") % step.evidence)
    if step.other_person_than:
        said.append(_("须由另一人办理"))
    if step.target:
        said.append(_("转入“%s”") % labels[step.target])
    return _("；").join(said)


def _terms(register: Register) -> Iterator[Point]:
    for rule in register.workflow.clocks:
        said = [deadlines.usual_length(register.key, rule)]
        if rule.basis:
            said.append(_("依据：%s") % f"{_(rule.basis)} {rule.basis_version}".strip())
        if rule.extensions:
            said.append(_("可申请延期，由%s批准") % names(rule.extend_by))
        yield Point(_(str(rule.label)), _("；").join(said))


def _asked(ask: Ask) -> Point:
    said = [_("必填")] if ask.required else []
    if ask.choices:
        few = [_(str(label)) for _value, label in ask.choices[:_MOST_CHOICES] if str(label)]
        rest = _("等 %d 项") % len(ask.choices) if len(ask.choices) > _MOST_CHOICES else ""
        said.append(_("可选：%s") % (_("、").join(few) + rest))
    elif ask.kind in (Kind.REFERENCE, Kind.AREA):
        said.append(_("输入名称、拼音首字母或编码查找"))
    elif ask.kind in (Kind.DATE, Kind.DATETIME):
        said.append(_("选日期"))
    if ask.unit:
        said.append(_("单位：%s") % ask.unit)
    if ask.help:
        said.append(_(str(ask.help)))
    return Point(_(str(ask.label)), _("；").join(said))


def _imported(listing: Listing, person: Person) -> Iterator[Point]:
    yield Point(
        _("先预览，后收下"),
        _("第一步下载模板或直接上传现有台账；看清每一行再收下，收下后可整批撤销。"),
        f"/b/{listing.key}/import" if listing.may_open(person) else "",
    )
    for column in listing.import_columns:
        if listing.is_open(column.ask.stores or column.name, person):
            also = _("也认得：%s") % _("、").join(column.aliases[:8]) if column.aliases else ""
            needed = _("必填") if column.ask.required else ""
            yield Point(
                _(str(column.ask.label)), _("；").join(word for word in (needed, also) if word)
            )


def _more(listing: Listing, person: Person) -> Iterator[Point]:
    if listing.offline:
        yield Point(
            _("没有信号时"), _("照常填写提交：先存在手机上，有信号时自动发送，只发送一次。")
        )
    if listing.batch:
        labels = _("、").join(_(str(ask.label)) for ask in listing.batch)
        yield Point(_("一次改多行"), _("在列表上勾选后修改：%s") % labels)
    if isinstance(listing, Register) and listing.measures and person.may("see_statistics"):
        labels = _("、").join(_(str(measure.name)) for measure in listing.measures)
        yield Point(_("统计"), labels, f"{listing.url}/statistics")
    if listing.has_place:
        yield Point(_("地图"), _("有坐标的行可在一张图上打开"))
    yield Point(_("导出"), _("列表所见可以导出为表格，导出会记入操作记录。"))

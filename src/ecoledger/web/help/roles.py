"""The help page of a role: where it lands, what it does in which book, what it may, what its phone shows."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.listings.catalogue import all_listings
from ecoledger.matters.register import all_registers
from ecoledger.web.help.guides import Guide, Point, section
from ecoledger.web.help.words import MAY
from ecoledger.web.navigation import ENTRIES, LANDING, LINE_OF, LINES, ON_THE_MOVE, PAGES, SYSTEM


def guide(role: Role) -> Guide:
    """What somebody of ``role`` is told."""
    return Guide(
        f"role/{role.value}",
        _(role.label),
        _("%s在平台上做什么、从哪里进。") % _(role.label),
        (
            *section(_("登录以后"), list(_first(role))),
            *section(_("要办的步骤"), list(_steps(role))),
            *section(_("超期会告诉您的时限"), list(_told(role))),
            *section(_("登记和查看的台账"), list(_books(role))),
            *section(_("岗位权限"), list(_may(role))),
        ),
    )


def _first(role: Role) -> Iterator[Point]:
    labels = {page.url_name: str(page.label) for page in (*ENTRIES, *SYSTEM)}
    labels |= {"line": _("本条线的页面"), "account": _("我的账号")}
    landing = next(((name, args) for one, name, args in LANDING if one is role), ("account", ()))
    yield Point(_("先打开"), labels.get(landing[0], ""), reverse(landing[0], args=list(landing[1])))
    for page in ENTRIES:
        if role in CAPABILITIES[page.capability]:
            yield Point(str(page.label), "", page.url)
    if role in ON_THE_MOVE:
        yield Point(_("手机"), _("屏幕底部有常用的按钮；没有信号也能填写，有信号时自动发送。"))


def _steps(role: Role) -> Iterator[Point]:
    for register in all_registers():
        if role not in CAPABILITIES[register.see]:
            continue
        steps = [_(str(step.label)) for step in register.workflow.transitions if role in step.by]
        if steps:
            yield Point(
                _(str(register.label)),
                _("、").join(dict.fromkeys(steps)),
                f"/help/book/{register.key}",
            )


def _told(role: Role) -> Iterator[Point]:
    for register in all_registers():
        told = [
            _(str(rule.label))
            for rule in register.workflow.clocks
            if role in rule.escalate_to and not rule.waiting
        ]
        if told and role in CAPABILITIES[register.see]:
            yield Point(_(str(register.label)), _("、").join(dict.fromkeys(told)))


def _books(role: Role) -> Iterator[Point]:
    for line in LINES:
        entered: list[str] = []
        seen: list[str] = []
        for listing in all_listings():
            if (listing.line or LINE_OF.get(listing.key)) != line.key:
                continue
            if role in CAPABILITIES[listing.see]:
                may_enter = bool(listing.fields) and role in listing.edit
                (entered if may_enter else seen).append(_(str(listing.label)))
        pages = [
            str(p.label)
            for key, p in PAGES
            if key == line.key and role in CAPABILITIES[p.capability]
        ]
        said = []
        if entered:
            said.append(_("登记：%s") % _("、").join(entered))
        if seen or pages:
            said.append(_("查看：%s") % _("、").join((*seen, *pages)))
        if said:
            yield Point(str(line.label), _("；").join(said))


def _may(role: Role) -> Iterator[Point]:
    for capability, roles in CAPABILITIES.items():
        if role in roles and (words := MAY.get(capability)):
            yield Point(str(words))

"""What the menu shows a person: the pages their roles open, in the order of the day's work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ecoledger.accounts.models import Person
from ecoledger.matters.register import all_registers

Text = str | Promise


@dataclass(frozen=True)
class Page:
    """One page of the menu; ``capability`` is what opens it (``accounts.roles.CAPABILITIES``)."""

    url_name: str
    label: Text
    icon: str
    capability: str
    args: tuple[object, ...] = ()

    @property
    def url(self) -> str:
        return reverse(self.url_name, args=self.args)


@dataclass(frozen=True)
class Group:
    """Pages under one heading."""

    label: Text
    pages: tuple[Page, ...]


BEFORE_WORK = (
    Group(
        _("总览"),
        (
            Page("cockpit", _("驾驶舱"), "cockpit", "see_cockpit"),
            Page("map", _("一张图"), "map", "see_monitoring"),
        ),
    ),
)
AFTER_WORK = (
    Group(
        _("监测"),
        (
            Page("alarms", _("预警"), "alarm", "see_monitoring"),
            Page("stations", _("监测点"), "station", "see_monitoring"),
            Page("filings", _("停运申报"), "filing", "see_monitoring"),
            Page("enterprises", _("企业档案"), "enterprise", "see_monitoring"),
        ),
    ),
    Group(
        _("数据"),
        (
            Page("bulletins", _("公报"), "bulletin", "make_reports"),
            Page("documents", _("文书"), "bulletin", "see_documents"),
            Page("catalogue", _("数据目录"), "catalogue", "see_monitoring"),
            Page("import", _("数据导入"), "import", "import_observations"),
            Page("quarantine", _("报文隔离区"), "quarantine", "see_quarantine"),
        ),
    ),
    Group(
        _("系统"),
        (
            Page("rules", _("报警规则"), "rules", "edit_rules"),
            Page("routing", _("交办规则"), "routing", "edit_routing"),
            Page("people", _("人员权限"), "people", "manage_people"),
            Page("audit", _("审计日志"), "audit", "see_audit"),
        ),
    ),
)


def _work() -> Group:
    """The inbox and one list a register."""
    return Group(
        _("办理"),
        (
            Page("my-work", _("我的工作"), "work", "see_matters"),
            *(
                Page("matter-list", gettext(str(r.label)), "register", r.see, (r.key,))
                for r in all_registers()
            ),
        ),
    )


def menu(person: Person) -> Iterator[Group]:
    """The groups with the pages that ``person`` may open; groups left empty are left out."""
    for group in (*BEFORE_WORK, _work(), *AFTER_WORK):
        if pages := tuple(page for page in group.pages if person.may(page.capability)):
            yield Group(group.label, pages)


def first_page(person: Person) -> str:
    """Address of the first page the person may open, where they land after signing in."""
    for group in menu(person):
        return group.pages[0].url
    return reverse("account")

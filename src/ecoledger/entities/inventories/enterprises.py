"""Enterprises and other polluters (企业档案)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities.kinds import EntityKind, Findings, Question, know
from ecoledger.entities.models import Enterprise
from ecoledger.standards import identifiers
from ecoledger.standards.identifiers import Severity

# What a code that another enterprise carries already can mean.
SAME, SITE, MISTAKE = "same", "site", "mistake"
IN_USE = "uscc_in_use"


def clean(firm: Enterprise, findings: Findings) -> None:
    """Credit code and permit number as their standards write them; no firm twice."""
    if firm.uscc:
        code = identifiers.parse_credit_code(firm.uscc)
        firm.uscc = code.code
        if not code.ok:
            findings.wrong["uscc"] = "；".join(
                problem.text for problem in code.problems if problem.severity is Severity.ERROR
            )
        else:
            findings.odd += [_("信用代码：%(text)s") % {"text": p.text} for p in code.problems]
            _code_in_use(firm, findings)
    if firm.permit_no:
        permit = identifiers.parse_permit_number(firm.permit_no)
        firm.permit_no = permit.code
        if not permit.ok:
            findings.wrong["permit_no"] = "；".join(
                problem.text for problem in permit.problems if problem.severity is Severity.ERROR
            )
        else:
            findings.odd += [_("排污许可证：%(text)s") % {"text": p.text} for p in permit.problems]
    same = Enterprise.objects.filter(name=firm.name, area_code=firm.area_code)
    if same.exclude(pk=firm.pk).exists():
        findings.odd.append(_("本地已有同名企业，请核对是否重复登记"))


def _code_in_use(firm: Enterprise, findings: Findings) -> None:
    """A code that another firm carries: same firm, a further site of it, or a mistake? Only asked once."""
    twins = Enterprise.objects.filter(uscc=firm.uscc).exclude(pk=firm.pk).order_by("pk")
    twin = twins.first()
    if twin is None:
        return
    if firm.pk and Enterprise.objects.filter(pk=firm.pk, uscc=firm.uscc).exists():
        return  # settled when the code was entered
    names = {"name": twin.name, "code": twin.code}
    match findings.answers.get(IN_USE, ""):
        case "site":
            firm.parent = firm.parent or twin.parent or twin
            findings.odd.append(_("作为“%(name)s”的另一场所登记") % names)
        case "same":
            findings.wrong["uscc"] = (
                _("“%(name)s”（%(code)s）已登记，请在原档案上修改，不要重复登记") % names
            )
        case "mistake":
            findings.wrong["uscc"] = _("信用代码与“%(name)s”相同，请按证照改正") % names
        case _:
            findings.asked[IN_USE] = Question(
                _("信用代码已由“%(name)s”（%(code)s）使用，请说明") % names,
                (
                    (SAME, _("同一企业，重复登记")),
                    (SITE, _("同一企业的另一场所")),
                    (MISTAKE, _("代码填错")),
                ),
            )


know(
    EntityKind(
        model=Enterprise,
        label="企业",
        letter="E",
        numbers={"uscc": "统一社会信用代码", "permit_no": "排污许可证编号"},
        clean=clean,
    )
)

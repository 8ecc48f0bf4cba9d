"""What the steps of a penalty case up to its decision do to it: filing, discretion, notice, review, decision."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.matters import deadlines
from ecoledger.matters.actions import Refused
from ecoledger.matters.models import Circulation
from ecoledger.matters.workflow import ClockNote, Step
from ecoledger.registers.enforcement.penalty_case import duties, money
from ecoledger.registers.enforcement.penalty_case.models import ZERO, EvidenceItem, PenaltyCase
from ecoledger.registers.enforcement.rules import rules
from ecoledger.standards import discretion, time_limits


def tables() -> dict[str, discretion.Table]:
    """The discretion tables in use, by key."""
    said_ = rules("penalties")
    version = said_["discretion"]["version"]
    return {key: discretion.table(key, one, version) for key, one in said_["tables"].items()}


def act_of(key: str) -> str:
    """The act that a discretion table is about; its key where it is in use no longer."""
    return tables()[key].act if key in tables() else key


def levels_in_words(levels: str) -> str:
    """The levels ``factor=place`` of a sheet by their names, of the first table that has them all."""
    chosen = dict(pair.split("=", 1) for pair in levels.split() if "=" in pair)
    for table in tables().values():
        factors = {factor.key: factor for factor in table.factors}
        if chosen.keys() <= factors.keys():
            return _("；").join(
                f"{factors[key].label}：{_named(factors[key], place)}"
                for key, place in chosen.items()
            )
    return levels


def _named(factor: discretion.Factor, place: str) -> str:
    known = place.isdecimal() and int(place) < len(factor.levels)
    return factor.levels[int(place)].label if known else place


def today(step: Step) -> date:
    """The day of the step."""
    return timezone.localtime(step.at).date()


def refuse(why: str, remedy: str = "") -> None:
    """Refuse the step where there is a reason."""
    if why:
        raise Refused("condition", why, remedy)


def file(step: Step) -> None:
    """Filed, within the limitation period."""
    refuse(duties.prescribed(step.matter))
    step.matter.filed_on = today(step)


def list_evidence(step: Step) -> None:
    """What is entered as evidence stands in the list of evidence, once each."""
    case, form = step.matter, step.form
    name = form.get("name") or case.evidence.order_by("-pk").values_list("name", flat=True)[0]
    name = name[:120]
    if not form.get("name") and EvidenceItem.objects.filter(case=case, name=name).exists():
        refuse(_("“%s”已在证据清单中。") % name, _("请上传另一份文件，或写明证据名称。"))
    EvidenceItem.objects.create(
        case=case,
        name=name,
        copies=form.get("copies"),
        obtained_on=form.get("obtained_on"),
        provider=(form.get("provider") or "")[:120],
        proves=form["proves"],
    )


def assess(step: Step) -> None:
    """The sheet: the table, the levels, the arithmetic in words, the range."""
    case, form = step.matter, step.form
    its = tables()[form["table"]]
    try:
        chosen = {
            key: int(place)
            for key, place in (pair.split("=") for pair in form["levels"].split() if "=" in pair)
        }
        found = discretion.assess(
            its,
            chosen,
            adjust=Decimal(form.get("adjust") or 0),
            mitigated=bool(form.get("mitigated")),
        )
    except discretion.TooFarError as error:
        raise Refused("form", str(error), "", {"adjust": [str(error)]}) from error
    except ValueError as error:
        raise Refused(
            "form", str(error), _("请逐项选定档次。"), {"levels": [str(error)]}
        ) from error
    if (form.get("adjust") or form.get("mitigated")) and not form.get("why"):
        raise Refused("form", _("从轻、从重、减轻须写明理由。"), "", {"why": [_("请填写")]})
    case.discretion = {
        "table": its.key,
        "act": its.act,
        "law": its.law,
        "version": its.version,
        "mark": its.mark,
        "levels": chosen,
        "adjust": str(form.get("adjust") or ""),
        "mitigated": bool(form.get("mitigated")),
        "steps": list(found.steps),
        "why": form.get("why", ""),
        "fine": str(found.fine),
        "least": str(found.least),
        "most": str(found.most),
    }
    case.proposed_fine = found.fine
    step.form["arithmetic"] = list(found.steps)


def notify(step: Step) -> None:
    """What was told binds: a higher fine is told anew; what was heard and said before does not count."""
    case = step.matter
    if why := duties.hearing_not_told(case, step.form["hearing_right"]):
        raise Refused("condition", why, "", {"hearing_right": [_("应当告知")]})
    case.notified_fine = case.proposed_fine
    issued = duties.notice_of(case)
    if issued is not None:
        case.notice_no = issued.number


def afresh(step: Step) -> None:
    """Investigated or told again: what was heard, reviewed and discussed before does not stand."""
    case = step.matter
    case.notice_served_on = case.notified_fine = case.legal_reviewed_on = case.discussed_on = None
    case.hearing_asked_on = case.hearing_on = case.hearing_told_on = None
    case.statement = case.statement_answer = case.legal_opinion = case.discussion = ""


def pause(step: Step) -> None:
    """The days of a stop or a hearing do not count (办法 57)."""
    for clock in deadlines.running(step.matter):
        if clock.name == "decision" and not clock.suspended:
            clock.suspensions.append([step.at.isoformat(), None])
            clock.save()
            why = noop(
                "“%(clock)s”：自“%(step)s”起，期间不计入办案期限（《生态环境行政处罚办法》第五十七条）"
            )
            said = why % {"clock": clock.label, "step": step.transition.label}
            step.clocks.append(ClockNote("suspend", noop("中止计时"), said))


def go_on(step: Step) -> None:
    """The days that did not count end."""
    for clock in deadlines.running(step.matter):
        if clock.name == "decision" and clock.suspended:
            clock.suspensions[-1][1] = step.at.isoformat()
            deadlines.recount(clock)
            clock.save()
            why = noop("“%(clock)s”：自“%(step)s”起继续计算，期限顺延至%(due)s")
            said = why % {
                "clock": clock.label,
                "step": step.transition.label,
                "due": f"{timezone.localtime(clock.due):%Y-%m-%d}" if clock.due else "—",
            }
            step.clocks.append(ClockNote("resume", noop("恢复计时"), said))


def hold_hearing(step: Step) -> None:
    """Told in time; the days of the hearing did not count."""
    refuse(duties.hearing_told_late(step.form["hearing_told_on"], step.form["hearing_on"]))
    go_on(step)


def review(step: Step) -> None:
    """The legal review is done."""
    step.matter.legal_reviewed_on = today(step)


def decide(step: Step) -> None:
    """The decision: inside the range, told, discussed; from now on all staff of its area know of it."""
    case, form = step.matter, step.form
    fine, confiscated = form["fine"] or ZERO, form.get("confiscated") or ZERO
    # A sum that was left empty is nought, also where it is added up below.
    case.fine, case.confiscated = fine, confiscated
    refuse(duties.wrong_decision(case, form["heaviest"], fine, confiscated))
    refuse(duties.same_again(case, form["heaviest"], fine, confiscated))
    case.decided_on, case.circulation = today(step), Circulation.STAFF


def decide_none(step: Step) -> None:
    """Not punished: nothing to pay, known to few."""
    case = step.matter
    case.heaviest, case.decided_on = PenaltyCase.Heaviest.NONE, today(step)
    case.fine = case.confiscated = ZERO


def decide_on_spot(step: Step) -> None:
    """当场处罚: decided and served in one (行政处罚法 51, 52); what was collected there is kept as a payment."""
    case, form = step.matter, step.form
    fine, collected = form.get("fine") or ZERO, form.get("collected") or ZERO
    refuse(
        duties.wrong_on_spot(
            case, form["heaviest"], fine, collected, form.get("why_collected") or ""
        )
    )
    case.fine, case.confiscated, case.collected = fine, ZERO, collected
    case.decided_on = case.served_on = today(step)
    case.serve_mode, case.circulation = PenaltyCase.ServeMode.DIRECT, Circulation.STAFF
    case.proposed_fine = fine
    case.pay_by = time_limits.deadline(case.served_on, "penalty-payment").due_day
    # Reconsideration comes first (行政复议法 23): only its term counts until it is asked for.
    case.remedies_end = time_limits.deadline(case.served_on, "reconsideration-application").due_day
    if collected:
        money.pay(case, case.decided_on, collected, form.get("receipt") or "")

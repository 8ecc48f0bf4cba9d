"""A rule tried on the last days: what it would have raised and what became of it, worked out by a job."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.jobs.models import Job
from ecoledger.jobs.running import Failed, Outcome, Progress, begin, work
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.alarming import rehearsal
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.monitoring.points import table
from ecoledger.registers.alarms import alarm_case
from ecoledger.web import scoped

KIND = "rule_trial"
DAYS = 30
LISTED = 20


def ask_for(rule: AlarmRule, person: Person) -> Job:
    """Begin a trial of the rule as it stands, unless one of this person's is under way."""
    running = _jobs(rule, person).filter(state__in=(Job.State.WAITING, Job.State.RUNNING)).first()
    title = _("试运行“%(name)s”近%(days)d天") % {"name": rule.name, "days": DAYS}
    return running or begin(KIND, title, person, rule=rule.pk)


def latest(rule: AlarmRule, person: Person) -> tuple[Job | None, dict[str, Any] | None]:
    """The person's last trial of this rule, and what came of it once it is done."""
    job = _jobs(rule, person).first()
    if job is None or job.state != Job.State.DONE or not job.file.exists():
        return job, None
    return job, json.loads(job.file.read_text("utf-8"))


def _jobs(rule: AlarmRule, person: Person) -> Any:
    return Job.objects.filter(kind=KIND, person=person, arguments__rule=rule.pk)


@work(KIND)
def trial(progress: Progress, *, rule: int) -> Outcome:
    """Rehearse the rule on the points in the person's scope; a JSON file with counts and the first alarms."""
    chosen = AlarmRule.objects.filter(pk=rule).first()
    if chosen is None or not runtime.is_open():
        raise Failed(_("规则已不存在，或监测数据未打开。"))
    points = table.current()
    mine = set(scoped.points(progress.person).values_list("pk", flat=True))
    end = times.now().replace(minute=0, second=0, microsecond=0)
    alarms = rehearsal.rehearse(
        runtime.store(), points, [chosen], end - timedelta(days=DAYS), end, within=mine.__contains__
    )
    raised = [alarm for alarm in alarms if alarm.state not in Alarm.QUIET]
    cases = alarm_case.REGISTER.visible_to(progress.person).filter(merged_into=None)
    names = {row["point"]: row["name"] for row in points.points.iter_rows(named=True)}
    result = {
        "version": chosen.version,
        "raised": len(raised),
        "silenced": sum(alarm.state == Alarm.State.SILENCED for alarm in alarms),
        "merged": sum(alarm.state == Alarm.State.MERGED for alarm in alarms),
        "points": len({alarm.point_id for alarm in raised}),
        "days": DAYS,
        "listed": [
            {"name": names.get(alarm.point_id, ""), "text": alarm.text} for alarm in raised[:LISTED]
        ],
        **alarm_case.verdicts_on(raised, cases),
    }
    note = _("近%(days)d天本会触发%(raised)d条。") % result
    content = json.dumps(result, ensure_ascii=False).encode()
    return Outcome(note, reverse("rule", args=[rule]), f"{chosen.code}.json", content)

"""Campaign (专项行动): objects × checklist × period × teams; coverage; findings that become matters.

Objects come from a query over a list, from a file, or by a draw whose seed is kept, so that anybody can
draw again and get the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Count, Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books import checklists
from ecoledger.books.models import Checklist, Drive, DriveTask
from ecoledger.entities.models import Entity
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Text
from ecoledger.listings.refusals import Refused
from ecoledger.standards import drawing

State, Task = Drive.State, DriveTask.State
# Asked once for all that is to be visited: what is not visited as a matter of routine today, key -> why.
reasons_to_leave_out: list[Callable[[], dict[int, str]]] = []


@dataclass(frozen=True, kw_only=True, eq=False)
class Campaign(Listing):
    """A declared campaign. Its rows are drives; what is visited in one are :class:`DriveTask` rows.

    ``objects`` gives the things it may visit. ``finding`` opens the matter of a finding and returns it.
    ``visitors`` are the roles that carry it out.
    """

    told_apart_by: ClassVar[str] = "book"

    model: type[Model] = Drive
    objects: Callable[[], QuerySet[Any]]
    # Why a thing is proposed, in words, for whoever confirms the list by hand.
    grounds: Callable[[Any], str] | None = None
    finding: Callable[[DriveTask, str, Person, datetime], Any] | None = None
    visitors: frozenset[Role] = frozenset({Role.OFFICER, Role.TOWN, Role.GRID})
    # Visits that one thing may have in a year over all campaigns; 0 for no cap.
    yearly_cap: int = 0
    order: tuple[str, ...] = ("-begin", "-pk")

    def visible_to(self, person: Person) -> QuerySet[Any]:
        """Drives of the person's own area, and those that visit something in it."""
        from ecoledger.accounts.scope import visible

        rows = self.own_rows()
        if not person.may(self.see):
            return rows.none()
        own = visible(rows, person, self.area)
        tasks = visible(DriveTask.objects.filter(drive__book=self.key), person, "area_code")
        return rows.filter(Q(pk__in=own.values("pk")) | Q(pk__in=tasks.values("drive_id")))

    def url_of(self, row: Any) -> str:
        """Address of the drive's board."""
        return f"{self.url}/drives/{row.pk}"

    @property
    def further_pages(self) -> tuple[tuple[Text, str], ...]:
        return (("检查表", "/checklists"),)

    def tasks_of(self, drive: Drive, person: Person) -> QuerySet[DriveTask]:
        """The objects of a drive that ``person`` may see."""
        from ecoledger.accounts.scope import visible

        return visible(drive.tasks.select_related("entity", "assignee"), person, "area_code")

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return super().open_row(values, by, at, book=self.key, made_by=by, made_at=at, **more)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a drive is. ``expected``: how many should be done by today, time being spent evenly."""

    planned: int
    done: int
    left_out: int
    with_findings: int
    expected: int

    @property
    def to_visit(self) -> int:
        """What a rate is of: planned less what is no longer arranged."""
        return self.planned - self.left_out


def add_objects(
    campaign: Campaign, drive: Drive, entities: Iterable[Entity], *, by: Person | None
) -> int:
    """Put things on the list of a drive; what is there already is left. Returns how many are new."""
    if drive.state == State.ENDED:
        raise Refused("state", _("行动已结束，不能再加对象。"))
    before, left = drive.tasks.count(), left_out()
    rows = [_task(drive, entity, left.get(entity.pk, "")) for entity in entities]
    with transaction.atomic():
        DriveTask.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
        new = drive.tasks.count() - before
        audit.record(by, f"{campaign.key}.objects", drive, details={"added": new})
    return new


def _task(drive: Drive, entity: Entity, why: str) -> DriveTask:
    """A visit to come; left out from the start where there is a reason."""
    row = DriveTask(drive=drive, entity=entity, area_code=entity.area_code)
    if why:
        row.state, row.reason = Task.LEFT_OUT, why[:200]
    return row


def left_out() -> dict[int, str]:
    """What rules keep out of routine visits today: key of the entity -> why."""
    kept_out: dict[int, str] = {}
    for ask in reasons_to_leave_out:
        kept_out = ask() | kept_out
    return kept_out


def candidates(
    entities: Iterable[Entity], weight: Callable[[Entity], int] = lambda _e: 1
) -> drawing.Lists:
    """The list that a draw is of; what a rule leaves out has no ticket."""
    left = left_out()
    return drawing.Lists(
        tuple(
            drawing.Candidate(e.code, e.name, "", 0 if e.pk in left else weight(e), e.area_code)
            for e in entities
        ),
        (),
        (),
    )


def draw_objects(
    campaign: Campaign,
    drive: Drive,
    count: int,
    *,
    by: Person | None,
    weight: Callable[[Entity], int] = lambda _e: 1,
) -> int:
    """Draw a drive's objects from all of the campaign's things in the drive's area.

    The list's hash stands on the audit trail before there is a seed; the seed comes from the system's random source
    and is kept with the list, so that anybody can draw again by ``standards.drawing`` and get the same.
    """
    pool = {e.code: e for e in campaign.objects().filter(area_code__startswith=drive.area_code)}
    lists = candidates(pool.values(), weight)
    with transaction.atomic():
        frozen = {"sha256": lists.sha256, "of": len(pool), "count": count}
        audit.record(by, f"{campaign.key}.list_frozen", drive, details=frozen)
        seed = secrets.token_hex(16)
        order = drawing.order(lists.objects, seed)
        new = add_objects(campaign, drive, [pool[o.code] for o in order[:count]], by=by)
        drive.selection = {
            "way": "draw",
            "method": drawing.METHOD,
            **frozen,
            "seed": seed,
            "list": sorted(o.line for o in lists.objects),
            "drawn": [o.code for o in order[:count]],
        }
        drive.save(update_fields=["selection"])
        audit.record(by, f"{campaign.key}.drawn", drive, details={**frozen, "seed": seed})
    return new


def start(campaign: Campaign, drive: Drive, *, by: Person | None) -> Drive:
    """Begin a drive that has objects."""
    if not drive.tasks.exists():
        raise Refused("state", _("还没有对象。"), _("请先选取、导入或抽取对象。"))
    return _move(campaign, drive, State.DRAFT, State.RUNNING, by)


def end(campaign: Campaign, drive: Drive, *, by: Person | None) -> Drive:
    """End a drive; what was not visited stays as it is and counts as not covered."""
    return _move(campaign, drive, State.RUNNING, State.ENDED, by)


def _move(campaign: Campaign, drive: Drive, source: str, target: str, by: Person | None) -> Drive:
    with transaction.atomic():
        row = Drive.objects.select_for_update().get(pk=drive.pk)
        if row.state != source:
            raise Refused("state", _("行动现在是“%s”。") % _(row.get_state_display()))
        row.state = target
        row.save(update_fields=["state"])
        audit.record(by, f"{campaign.key}.{target}", row)
    return row


def visits_this_year(entity: Entity, day: date) -> int:
    """How often campaigns have visited the thing in the year of ``day``."""
    return DriveTask.objects.filter(entity=entity, state=Task.DONE, done_at__year=day.year).count()


@transaction.atomic
def visit(
    campaign: Campaign,
    task: DriveTask,
    answers: Mapping[str, Any],
    *,
    by: Person,
    at: datetime | None = None,
    note: str = "",
    beyond_cap: str = "",
    client_id: Any = None,
    seen: Iterable[str] = (),
) -> DriveTask:
    """Record a visit: the answers to the checklist; each problem found becomes a matter.

    ``seen``: problems in words, that no checklist asked for.

    Raises :class:`Refused` for wrong answers, a drive that does not run, a thing visited already, or one
    past its yearly cap without a reason (``beyond_cap``). Sent twice by a phone it is recorded once.
    """
    at = at or timezone.now()
    row = (
        DriveTask.objects.select_for_update(of=("self",))
        .select_related("drive__checklist")
        .get(pk=task.pk)
    )
    if client_id and row.client_id == client_id:
        return row
    if row.drive.state != State.RUNNING:
        raise Refused("state", _("行动现在是“%s”。") % _(row.drive.get_state_display()))
    if row.state == Task.DONE:
        raise Refused("conflict", _("这个对象已经查过。"), _("请刷新页面查看结果。"))
    visits = visits_this_year(row.entity, timezone.localdate(at))
    if campaign.yearly_cap and visits >= campaign.yearly_cap and not beyond_cap.strip():
        raise Refused(
            "condition",
            _("今年已检查 %d 次，达到频次上限。") % visits,
            _("确需检查的，请写明理由。"),
        )
    questions = questions_of(row.drive.checklist)
    row.answers = checklists.clean(questions, answers)
    row.state, row.done_at, row.done_by = Task.DONE, at, by
    row.note, row.reason, row.client_id = note, beyond_cap.strip(), client_id
    row.save()
    if campaign.finding is not None:
        failed = [question.label for question in checklists.problems(questions, row.answers)]
        for label in dict.fromkeys((*failed, *seen)):
            row.findings.add(campaign.finding(row, label, by, at))
    audit.record(by, f"{campaign.key}.visit", row, details={"answers": row.answers})
    return row


def leave_out(campaign: Campaign, task: DriveTask, *, by: Person, reason: str) -> DriveTask:
    """Take a thing out of the plan, with a reason; it is counted apart."""
    if not reason.strip():
        raise Refused("form", _("没有写明理由。"), _("请写明不再安排的理由。"))
    with transaction.atomic():
        row = DriveTask.objects.select_for_update().get(pk=task.pk)
        if row.state != Task.TODO:
            raise Refused("state", _("这个对象%s。") % _(row.get_state_display()))
        row.state, row.reason = Task.LEFT_OUT, reason.strip()
        row.save()
        audit.record(by, f"{campaign.key}.leave_out", row, details={"reason": reason})
    return row


def coverage(drive: Drive, tasks: QuerySet[DriveTask], today: date | None = None) -> Coverage:
    """How far ``tasks`` of the drive are."""
    today = today or timezone.localdate()
    n = tasks.aggregate(
        planned=Count("pk", distinct=True),
        done=Count("pk", filter=Q(state=Task.DONE), distinct=True),
        left_out=Count("pk", filter=Q(state=Task.LEFT_OUT), distinct=True),
        with_findings=Count("pk", filter=Q(findings__isnull=False), distinct=True),
    )
    days = (drive.end - drive.begin).days + 1
    passed = min(max((today - drive.begin).days + 1, 0), days)
    return Coverage(**n, expected=(n["planned"] - n["left_out"]) * passed // days)


def coverage_by(tasks: QuerySet[DriveTask], path: str) -> list[dict[str, Any]]:
    """Planned, done and left out by the values under ``path``, such as ``area_code`` or ``team``."""
    return list(
        tasks.order_by(path)
        .values(path)
        .annotate(
            planned=Count("pk"),
            done=Count("pk", filter=Q(state=Task.DONE)),
            left_out=Count("pk", filter=Q(state=Task.LEFT_OUT)),
        )
    )


declare_lookup(
    Lookup(
        key="checklist",
        model=Checklist,
        label="检查表",
        rows=lambda person: Checklist.objects.all(),
        see="see_cockpit",
    )
)


def questions_of(checklist: Checklist | None) -> list[checklists.Question]:
    """The questions of a kept checklist."""
    if checklist is None:
        return []
    return [
        checklists.Question(
            **{
                **said,
                "choices": tuple(tuple(pair) for pair in said["choices"]),
                "relevant": tuple(said["relevant"]) if said["relevant"] else None,
                "constraint": tuple(tuple(pair) for pair in said["constraint"]),
            }
        )
        for said in checklist.questions
    ]


def keep_checklist(name: str, content: bytes, file_name: str, *, by: Person | None) -> Checklist:
    """Read a spreadsheet and keep it as the next version of the checklist ``name``."""
    from dataclasses import asdict

    questions = checklists.read(content)
    with transaction.atomic():
        last = Checklist.objects.select_for_update().filter(name=name).order_by("-version").first()
        row = Checklist.objects.create(
            name=name,
            version=last.version + 1 if last else 1,
            questions=[asdict(question) for question in questions],
            file_name=file_name,
            made_by=by,
        )
        audit.record(by, "checklist.keep", row, details={"questions": len(questions)})
    return row

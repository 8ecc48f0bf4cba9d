"""Reaching a matter to act on it: whether the person may know of it, and as they last saw it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from copy import copy
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.listings.parts import Text
from ecoledger.listings.refusals import NotVisible, Refused, refuse
from ecoledger.listings.unchanged import same
from ecoledger.matters import timeline
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Event, Matter
from ecoledger.matters.register import Register, has_register, register_of
from ecoledger.matters.seeing import sees_all_events

# Where a matter lies, taken from what it is about where nothing else is said.
PLACE = ("area_code", "address", "lon", "lat")


def find(matter_id: int, person: Person | None) -> Any:
    """The matter as its register's model, if ``person`` may see it. Raises :class:`NotVisible`.

    The schedule and the rules (``None``) see everything.
    """
    return _found(matter_id, person, lock=False)


def locked(matter_id: int, by: Person | None, revision: int | None = None) -> Any:
    """The matter, locked until the transaction ends, if it is still as the caller saw it."""
    matter = _found(matter_id, by, lock=True)
    if revision is not None and revision != matter.revision:
        raise Refused(
            "conflict",
            _("在您打开此页之后，该事项已由他人处理过。"),
            _("请刷新页面，看清最新情况后再办。"),
        )
    refuse_merged(matter)
    return matter


def refuse_merged(matter: Matter) -> None:
    """Raise :class:`Refused` for a matter that goes on in another."""
    if matter.merged_into_id is not None:
        raise Refused("state", _("该事项已并入其他事项。"), _("请到并入的事项上办理。"))


def _found(matter_id: int, person: Person | None, *, lock: bool) -> Any:
    key = Matter.objects.filter(pk=matter_id).values_list("register", flat=True).first()
    if key is None or not has_register(key):
        raise NotVisible(f"matter {matter_id}")
    register = register_of(key)
    rows = register.model._default_manager.all() if person is None else register.visible_to(person)
    if lock:
        # Narrowing by scope may join other tables; only the matter's own two rows are locked.
        rows = rows.select_for_update(of=("self", "matter_ptr"))
    matter = rows.filter(pk=matter_id).first()
    if matter is None:
        raise NotVisible(f"{key} {matter_id}")
    return matter


def put(matter: Matter, values: Mapping[str, Any]) -> Matter:
    """Set ``values`` of a matter that is there; the matter as it was. Raises :class:`Refused` for what it would not have been
    opened with."""
    register, was = register_of(matter.register), copy(matter)
    refuse(register.wrong_beside(matter, values, None))
    for name, value in values.items():
        setattr(matter, name, value)
    changed = {name for name, value in values.items() if not same(getattr(was, name), value)}
    _follow(register, matter, was, changed)
    if register.holds_to is not None:
        register.holds_to(matter)
    about = (was.entity_id, was.enterprise_id)
    if matter.pk is not None and about != (matter.entity_id, matter.enterprise_id):
        _refuse_apart(matter)
        _refuse_confided(matter, was)
    return was


def _refuse_confided(matter: Matter, was: Matter) -> None:
    """Raise :class:`Refused` where another firm would read what the first has said in ``matter``, or was told there."""
    another = was.enterprise_id not in (None, matter.enterprise_id)
    if another and matter.events.filter(shown_to_enterprise=True).exists():
        raise Refused(
            "form",
            _("原企业已在本事项中填报，或已收到其中的意见，不能改为其他对象。"),
            _("请按流程终止本事项，另为正确的对象登记。"),
        )


def _refuse_apart(matter: Matter) -> None:
    """Raise :class:`Refused` where ``matter`` would be about another thing than what goes on in it."""
    within = things(matter, itself=False)
    thing = matter.enterprise_id or matter.entity_id
    if within and thing is not None and thing not in within:
        raise Refused(
            "form",
            _("并入本事项的重复件涉及另一个对象。"),
            _("对象登记有误的，请先拆分重复件。"),
        )


def things(matter: Matter, *, itself: bool = True) -> set[int]:
    """What ``matter`` is about, with all that goes on in it."""
    about: set[int | None] = {matter.enterprise_id or matter.entity_id} if itself else set()
    keys = [matter.pk]
    while keys:
        within = Matter.objects.filter(merged_into__in=keys)
        rows = list(within.values_list("pk", "enterprise_id", "entity_id"))
        about |= {firm or thing for _key, firm, thing in rows}
        keys = [key for key, *_about in rows]
    return {thing for thing in about if thing is not None}


def _follow(register: Register, matter: Matter, was: Matter, changed: Set[str]) -> None:
    """Make anew what is made of what was ``changed``: where it lies and whose it is, by what it is about, and what else
    follows. What somebody said otherwise stays."""
    if "entity" in changed:
        _move(matter, was, changed)
    behind = [
        name
        for name, sources in register.follows.items()
        if name not in changed and not changed.isdisjoint(sources)
    ]
    if not behind or register.prepare is None:
        return
    before = copy(was)
    for version in (before, matter):
        for name in behind:
            column: Any = matter._meta.get_field(name)
            setattr(version, name, column.get_default())
        register.prepare(version)
    for name in behind:
        if getattr(before, name) != getattr(was, name) and _said(was, name, register.follows[name]):
            setattr(matter, name, getattr(was, name))


def _move(matter: Matter, was: Matter, said: Set[str]) -> None:
    """Of another thing it lies where that lies, if it lay where the first does, and is of that one's firm."""
    old, new = was.entity, matter.entity
    for name in PLACE if new is not None else ():
        if name not in said and getattr(was, name) in (None, "", getattr(old, name, None)):
            setattr(matter, name, getattr(new, name))
    if "enterprise" not in said:
        firm = new.enterprise if new is not None else None
        matter.enterprise_id = firm.pk if firm is not None else None


def _said(matter: Matter, name: str, sources: tuple[str, ...]) -> bool:
    """Whether somebody said ``name`` of ``matter`` last, and it did not only follow its ``sources``."""
    forms = Event.objects.filter(matter_id=matter.pk).order_by("-pk").values_list("form", flat=True)
    form = next((form for form in forms if form.get(name) not in (None, "")), None)
    return form is not None and ("before" not in form or form.keys().isdisjoint(sources))


def keep(matter: Matter) -> None:
    """Save ``matter`` as a further revision: pages opened before are told that someone else acted."""
    register = register_of(matter.register)
    matter.phase = register.state_of(matter).phase.value
    if register.tidy is not None:
        register.tidy(matter)
    if register.level is not None:
        matter.level = register.level(matter)
    if matter.pk is not None:
        matter.revision += 1
    matter.save()


def refusal_to_change(matter: Matter, person: Person, lines: Lines | None = None) -> Refused | None:
    """Why ``person`` may not change what is written of the matter, its lines included; ``None`` when they may.

    Who manages it puts right what is wrong at any time; who only owns it changes nothing of what is finished. A firm or a
    contractor changes what it entered itself, while it is nobody else's; of what it was given it says what is its own to
    say by the steps, and by those ``lines`` that they ask for.
    """
    if matter.merged_into_id is not None:
        return Refused("state", _("该事项已并入其他事项。"), _("请到并入的事项上办理。"))
    register = register_of(matter.register)
    if register.manages(person, matter):
        return None
    if lines is not None and not lines.asked_of(person):
        return Refused("role", _("“%s”由管理部门填写。") % _(str(lines.label)))
    if lines is not None and _asked_by_step(matter, person, lines) and _goes_on(matter, person):
        return None
    own, asked = entered_itself(matter, person), lines is not None and lines.by_owner
    goes_on = lines is not None and lines.by_opener
    nobodys = matter.owner_id is None and matter.owner_organisation_id is None
    begun = matter.state != register.workflow.initial.name
    if not owns(matter, person) and not (own and nobodys and (goes_on or not begun)):
        return Refused("role", _("修改由%s或当前责任人办理。") % register.managers)
    if not own and not asked and not person.has_role(*STAFF):
        return Refused(
            "role",
            _("交给贵单位的事项，登记内容由管理部门修改。"),
            _("请按环节提交说明或整改情况。"),
        )
    return finished(matter)


def _goes_on(matter: Matter, person: Person) -> bool:
    """Whether a main step that stands open is one of the person's roles, and of his firm where two have a part."""
    register = register_of(matter.register)
    return any(
        way.main and person.has_role(*way.by) and register.takes_of_two(person, matter, way)
        for way in register.workflow.leaving(matter.state)
    )


def _asked_by_step(matter: Matter, person: Person, lines: Lines) -> bool:
    """Whether ``lines`` are for whoever goes on, or for the other one of two firms, and ``person`` works there."""
    return lines.by_step or (lines.by_counterpart and is_counterpart(matter, person))


def is_counterpart(matter: Matter, person: Person) -> bool:
    """Whether ``person`` works for the firm that ``matter`` is before beside the one it is about."""
    other = register_of(matter.register).counterpart_of(matter)
    return (
        other is not None and person.has_role(Role.ENTERPRISE) and other.code == person.entity_code
    )


def entered_itself(matter: Matter, person: Person) -> bool:
    """Whether the firm or contractor for which ``person`` works entered the matter. Of a firm: what is about it and came
    from a firm, for it sees no other; who entered it may work elsewhere since."""
    by = matter.created_by
    if by is None or person.has_role(*STAFF):
        return False
    if person.has_role(Role.ENTERPRISE):
        firm = matter.enterprise.code if matter.enterprise is not None else ""
        return bool(firm) and firm == person.entity_code and by.has_role(Role.ENTERPRISE)
    return by.organisation_id is not None and by.organisation_id == person.organisation_id


def settled(matter: Matter) -> frozenset[str]:
    """What nobody changes of ``matter`` as it stands: what its register names, or all that stands judged; once that has
    ended, who answered for it and by when as well. What came in as finished history stands like what was finished here."""
    register = register_of(matter.register)
    ended, past = not register.state_of(matter).open, came_finished(matter)
    judged = past or ((ended or register.settled is None) and timeline.judged(matter))
    names = register.judged if judged else frozenset()
    if register.settled is not None:
        names = frozenset(register.settled(matter)) | (names if past else frozenset())
    return names | register.answered if ended and judged else names


def came_finished(matter: Matter) -> bool:
    """Whether ``matter`` ended elsewhere, before it came in or by its table since, where its like ends before two persons
    here."""
    workflow = register_of(matter.register).workflow
    ended = matter.history and not workflow.state(matter.state).open
    return ended and bool(workflow.judging) and not stepped(matter)


def stepped(matter: Matter) -> bool:
    """Whether a step of its workflow was taken of ``matter`` here: from then on it stands as it was done here."""
    steps = [transition.name for transition in register_of(matter.register).workflow.transitions]
    return Event.objects.filter(matter_id=matter.pk, transition__in=steps).exists()


def refusal_as_settled(matter: Matter, names: Iterable[str]) -> Refused | None:
    """Why nobody changes what ``names`` say of ``matter``; ``None`` where it is not settled."""
    register = register_of(matter.register)
    barred = sorted(settled(matter) & set(names))
    if not barred:
        return None
    labels = "、".join(_(str(_label(register, name))) for name in barred)
    return Refused(
        "state",
        _("“%(state)s”的事项不再修改“%(what)s”。")
        % {"state": _(str(register.state_of(matter).label)), "what": labels},
        how_righted(matter),
    )


def why_settled(matter: Matter, person: Person) -> str:
    """By which step, as ``person`` may know it, what is settled of ``matter`` came to stand, and how it is put right."""
    if came_finished(matter):
        return _("以下内容随已办结的历史台账导入，不再修改。") + how_righted(matter)
    register = register_of(matter.register)
    step = timeline.judgement(matter).step if register.settled is None else None
    if step is not None and (step.shown_to_enterprise or sees_all_events(person)):
        since, by = step.at, timeline.done(step)
    else:
        since, by = matter.state_since, _(str(register.state_of(matter).label))
    why = _("以下内容自“%(step)s”（%(day)s）起不再修改。")
    return why % {"step": by, "day": f"{timezone.localtime(since):%Y-%m-%d}"} + how_righted(matter)


def how_righted(matter: Matter) -> str:
    """How what is settled of ``matter`` is put right where it was entered wrongly."""
    if not came_finished(matter):
        return _("登记有误的，请按流程退回或另办。")
    imports = register_of(matter.register).imports
    if imports is not None and imports.updates:
        return _("有误的，请更正原表后再次导入。")
    return _("有误的，请撤销这次导入，更正原表后重新导入。")


def refuse_settled(matter: Matter, names: Iterable[str]) -> None:
    """Raise :class:`Refused` where a person changes what is settled of ``matter``."""
    if refused := refusal_as_settled(matter, names):
        raise refused


def _label(register: Register, name: str) -> Text:
    """What a field, lines, or a column of lines is called."""
    key, _dot, column = name.partition(".")
    for lines in register.lines:
        if lines.key == key:
            asks = {ask.name: ask.label for ask in lines.asks}
            return asks.get(column) or lines.label
    asked = {ask.stores or ask.name: ask.label for ask in (*register.fields, *register.batch)}
    return asked.get(name) or name


def finished(matter: Matter) -> Refused | None:
    """Why who only owns the matter changes nothing of it any more; ``None`` while it is in hand."""
    register = register_of(matter.register)
    if register.state_of(matter).open:
        return None
    return Refused(
        "state", _("该事项已经办结，责任人不能再修改。"), _("请联系%s。") % register.managers
    )


def owns(matter: Matter, person: Person) -> bool:
    """Whether ``person`` answers for the matter; while no person is named, their organisation does."""
    if matter.owner_id is not None:
        return matter.owner_id == person.pk
    return (
        matter.owner_organisation_id is not None
        and matter.owner_organisation_id == person.organisation_id
    )

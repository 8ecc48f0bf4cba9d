"""A workflow that contradicts itself is refused when it is declared."""

from __future__ import annotations

import pytest

from ecoledger.accounts.roles import Role
from ecoledger.matters.register import all_registers
from ecoledger.matters.workflow import (
    ClockRule,
    Field,
    Phase,
    State,
    Transition,
    Unit,
    Workflow,
    WorkflowError,
)

WHO = frozenset({Role.OFFICER})
NEW = State(name="new", label="新增")
CHECK = State(name="check", label="核查")
CLOSED = State(name="closed", label="已销号", phase=Phase.CLOSED)


def step(name, source, target, **more):
    return Transition(
        **{"name": name, "label": name, "sources": (source,), "target": target, "roles": WHO} | more
    )


APPLY = step("apply", "new", "check", evidence=1)
CLOSE = step("close", "check", "closed", other_person_than=("apply",))


def test_a_sound_workflow_is_accepted():
    workflow = Workflow(states=(NEW, CHECK, CLOSED), transitions=(APPLY, CLOSE))
    assert workflow.initial is NEW
    assert [t.name for t in workflow.leaving("check")] == ["close"]


@pytest.mark.parametrize(
    ("states", "transitions", "clocks", "complaint"),
    [
        ((), (), (), "a state to start in"),
        ((NEW, CHECK, CLOSED), (APPLY, step("close", "check", "gone")), (), "no state 'gone'"),
        (
            (NEW, CHECK, CLOSED),
            (APPLY, step("close", "check", "closed", other_person_than=("nobody",))),
            (),
            "no transition 'nobody'",
        ),
        ((NEW, CHECK, CLOSED, State(name="lost", label="")), (APPLY, CLOSE), (), "leads to"),
        ((NEW, CHECK), (APPLY,), (), "no way out"),
        ((NEW, NEW), (), (), "declared twice"),
        ((NEW, CHECK, CLOSED), (APPLY, step("close", "check", "closed")), (), "second person"),
        (
            (NEW, CHECK, CLOSED),
            (step("apply", "new", "check"), CLOSE),
            (),
            "without evidence",
        ),
        (
            (NEW, CHECK, CLOSED),
            (APPLY, step("close", "check", "closed", other_person_than=("apply",), automatic=True)),
            (),
            "without a person",
        ),
        (
            (NEW, CHECK, CLOSED),
            (APPLY, step("x", "new", "check", roles=frozenset()), CLOSE),
            (),
            "nobody",
        ),
        (
            (NEW, CHECK, CLOSED),
            (
                APPLY,
                CLOSE,
                step("x", "new", "new", fields=(Field(name="f", label="", kind="colour"),)),
            ),
            (),
            "of kind 'colour'",
        ),
        (
            (NEW, CHECK, CLOSED),
            (APPLY, CLOSE),
            (ClockRule(name="c", label="", during=("new",)),),
            "give one of",
        ),
        (
            (NEW, CHECK, CLOSED),
            (APPLY, CLOSE),
            (
                ClockRule(
                    name="c", label="", during=("new",), length=1, unit=Unit.DAY, on_due="apply"
                ),
            ),
            "not automatic",
        ),
    ],
)
def test_a_contradiction_is_named(states, transitions, clocks, complaint):
    with pytest.raises(WorkflowError, match=complaint):
        Workflow(states=states, transitions=transitions, clocks=clocks)


def test_every_register_closes_on_evidence_and_by_a_second_person():
    for register in all_registers():
        workflow = register.workflow
        for t in workflow.transitions:
            if workflow.state(t.target).phase is Phase.CLOSED:
                assert t.other_person_than, f"{register.key}.{t.name}"

"""A workflow that contradicts itself is refused when it is declared."""

from __future__ import annotations

import pytest

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import DeclarationError
from ecoledger.matters.register import Register, all_registers
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Transition,
    Workflow,
    WorkflowError,
)
from ecoledger.registers.problems.problem_ledger import Problem

WHO = frozenset({Role.OFFICER})
NEW = State("new", "新增")
CHECK = State("check", "核查")
CLOSED = State("closed", "已销号", phase=Phase.CLOSED)
DONE = State("done", "办结", phase=Phase.DONE)


def step(name, source, target, **more):
    return Transition(name, name, source, target, **{"by": WHO} | more)


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
        ((NEW, CHECK, CLOSED, State("lost", "")), (APPLY, CLOSE), (), "leads to"),
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
            (APPLY, step("x", "new", "check", by=frozenset()), CLOSE),
            (),
            "nobody",
        ),
        (
            (NEW, CHECK, CLOSED, DONE),
            (APPLY, CLOSE, step("done", "new", "done"), step("x", "done", "closed")),
            (),
            "second person",
        ),
        (
            (NEW, CHECK, CLOSED),
            (APPLY, CLOSE, step("past", "new", "check")),
            (),
            "reached past",
        ),
        (
            (NEW, CHECK, CLOSED),
            (APPLY, CLOSE),
            (ClockRule("c", "", "new"),),
            "give one length",
        ),
        (
            (NEW, CHECK, CLOSED),
            (APPLY, CLOSE),
            (ClockRule("c", "", "new", days=1, on_due="apply"),),
            "not automatic",
        ),
    ],
)
def test_a_contradiction_is_named(states, transitions, clocks, complaint):
    with pytest.raises(WorkflowError, match=complaint):
        Workflow(states=states, transitions=transitions, clocks=clocks)


def test_a_second_person_alone_is_said_so():
    past = step("past", "new", "check")
    close = step("close", "check", "closed", other_person_than=("apply",), even_without=True)
    workflow = Workflow(states=(NEW, CHECK, CLOSED), transitions=(APPLY, past, close))
    assert workflow.judging == {"apply", "close"}


def test_work_done_at_once_needs_no_second_person():
    workflow = Workflow(states=(NEW, DONE), transitions=(step("done", "new", "done"),))
    assert workflow.names(*map(Phase, COMPLETED)) == ("done",)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"asks": ("colour",)}, "colour"),
        ({"offers": ("owner__name__colour",)}, "colour"),
        ({"sets": {"colour": "red"}}, "colour"),
    ],
)
def test_a_name_the_model_does_not_have_is_refused_where_it_is_declared(more, complaint):
    workflow = Workflow(states=(NEW, DONE), transitions=(step("done", "new", "done", **more),))
    with pytest.raises(DeclarationError, match=complaint):
        Register(
            key="x", label="", model=Problem, workflow=workflow, pattern="", columns=("number",)
        )


def test_what_the_second_person_looks_at_is_written_anew_by_no_step_that_is_not_named():
    told = State("told", "已告知")
    ways = (
        step("score", "new", "check", asks=("description",)),
        step("tell", "check", "told", offers=("description",)),
        step("decide", "told", "done", other_person_than=("score",)),
    )
    workflow = Workflow(states=(NEW, CHECK, told, DONE), transitions=ways)
    with pytest.raises(WorkflowError, match="tell writes"):
        Register(
            key="x", label="", model=Problem, workflow=workflow, pattern="", columns=("number",)
        )


def test_every_register_closes_on_evidence_and_by_a_second_person():
    for register in all_registers():
        workflow = register.workflow
        for t in workflow.transitions:
            # What leads from closed to closed (the file is archived) closes nothing.
            open_before = any(workflow.state(s).phase is not Phase.CLOSED for s in t.sources)
            if t.target and open_before and workflow.state(t.target).phase is Phase.CLOSED:
                assert t.other_person_than, f"{register.key}.{t.name}"

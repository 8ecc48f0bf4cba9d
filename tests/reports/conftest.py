"""Documents issued by their way: drafted by one, issued by another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ecoledger.accounts.models import Person
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.reports import drafting
from ecoledger.reports.models import Draft, IssuedDocument


@pytest.fixture
def files(settings, tmp_path: Path) -> Path:
    """A data folder and a profile of the test's own, in which cases begin at the desk."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PROFILE = tmp_path / "profile"
    settings.PROFILE.mkdir()
    (settings.PROFILE / "alarm_steps.toml").write_text("ask_first = false\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def sent_out(people: dict[str, Person]) -> Callable[[Draft], IssuedDocument]:
    """Takes a draft through every step: reviewed and issued by the dispatcher, signed by the leader."""

    def go(draft: Draft) -> IssuedDocument:
        drafting.submit(draft, by=draft.author)
        while draft.state in ("review", "sign"):
            who = "leader" if draft.state == "sign" else "dispatcher"
            drafting.approve(draft, by=people[who])
        return drafting.issue(draft, by=people["dispatcher"])

    return go


@pytest.fixture
def problem(bureau, people: dict[str, Person]) -> Matter:
    values = {
        "title": "河岸堆放垃圾",
        "description": "北河左岸堆放生活垃圾约 3 m³ & 建筑垃圾若干。",
        "area_code": "990101001",
        "address": "北河左岸",
        "origin_kind": "self",
    }
    return actions.open_matter(REGISTER, values, by=people["officer"])

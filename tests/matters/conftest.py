"""A problem to work on, and a file to prove it with."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ecoledger.matters import actions
from ecoledger.matters.actions import Upload
from ecoledger.registers.problems.problem_ledger import REGISTER

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


@pytest.fixture
def photo():
    """``photo("name.png")`` makes an upload whose content differs from name to name."""

    def make(name: str = "现场.png") -> Upload:
        return Upload(SimpleUploadedFile(name, PNG + name.encode(), "image/png"))

    return make


@pytest.fixture
def problem_at(bureau, people):
    def make(title: str = "河岸堆放垃圾", **values):
        given = {"title": title, "area_code": "990101001", "origin_kind": "self"} | values
        return actions.open_matter(REGISTER, given, by=people["officer"])

    return make


@pytest.fixture
def problem(problem_at):
    return problem_at()

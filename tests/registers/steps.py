"""Steps of matters as tests take them, and what is refused."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.actions import Upload


def paper():
    return [Upload(SimpleUploadedFile("材料.pdf", b"%PDF-1.7 proof"))]


def perform(row, name, by, form=None, files=()):
    return actions.perform(row.pk, name, by=by, form=form or {}, files=files)


def amend(row, by, **values):
    return actions.amend(row.pk, values, event="edit", label="修改", by=by)


def barred(change, *args, **values):
    """Why ``change`` is refused."""
    with pytest.raises(Refused) as told:
        change(*args, **values)
    return told.value.why

"""JSON in the order it was written in is asked for like any other column, on every engine."""

from __future__ import annotations

import pytest

from ecoledger.accounts.models import Person
from ecoledger.jobs.models import Job

pytestmark = pytest.mark.django_db


def test_the_whole_and_what_lies_inside_are_compared() -> None:
    person = Person.objects.create(username="wang", name="王")
    empty, full = (
        Job.objects.create(person=person, arguments=written) for written in ({}, {"b": 1, "a": [2]})
    )

    assert list(Job.objects.filter(arguments={})) == [empty]
    assert list(Job.objects.exclude(arguments={})) == [full]
    assert list(Job.objects.filter(arguments__a=[2])) == [full]
    assert list(Job.objects.filter(arguments__has_key="b")) == [full]
    assert not Job.objects.filter(arguments__isnull=True).exists()


def test_the_order_of_its_keys_is_kept_however_it_is_written() -> None:
    person = Person.objects.create(username="wang", name="王")
    written = {"乙": 1, "甲": {"丁": None, "丙": "\ud800"}}
    jobs = Job.objects.bulk_create([Job(person=person, arguments=written) for _ in range(3)])
    Job.objects.filter(pk=jobs[0].pk).update(arguments={"z": written})
    jobs[1].arguments = {"y": 1, "x": None}
    Job.objects.bulk_update(jobs[1:2], ["arguments"])

    read = [Job.objects.get(pk=job.pk).arguments for job in jobs]
    assert str(read) == str([{"z": written}, {"y": 1, "x": None}, written])

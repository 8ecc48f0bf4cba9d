"""The pool of air pollutants: what closed and retrofitted projects give, what new ones take, never below zero."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from ecoledger.books import account as accounts
from ecoledger.books.models import Posting
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.actions import Upload
from ecoledger.matters.models import Event, Matter
from ecoledger.registers.air.quota import ALLOCATION, POOL, QUOTA, REDUCTION

pytestmark = pytest.mark.django_db
COUNTY = "990101"


@pytest.fixture(autouse=True)
def evidence(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "evidence"
    settings.PROFILE = tmp_path


def paper():
    return [Upload(SimpleUploadedFile("核算表.pdf", b"%PDF-1.7 accounting"))]


def reduce(bureau, **values):
    form = {
        "title": "关停燃煤锅炉",
        "area_code": "990101001",
        "way": "closed",
        "pollutant": "NOx",
        "permitted": Decimal("12.5"),
        "actual": Decimal("9.8"),
        "base_year": 2020,
        **values,
    }
    return actions.open_matter(REDUCTION, form, by=bureau.approver)


def perform(matter, name, by, form=None, files=()):
    return actions.perform(matter.pk, name, by=by, form=form or {}, files=files)


def stock(bureau, **values):
    matter = reduce(bureau, **values)
    form = {
        name: str(getattr(matter, name))
        for name in ("way", "pollutant", "permitted", "actual", "base_year", "permitted_after")
    }
    form["method"] = "许可量与实际排放量取小"
    perform(matter, "account", bureau.approver, form, paper())
    perform(matter, "approve", bureau.leader)
    Matter.objects.filter(pk=matter.pk).update(state_since=timezone.now() - timedelta(days=20))
    perform(matter, "stock", bureau.approver)
    matter.refresh_from_db()
    return matter


def balance(pollutant="NOx"):
    pool = QUOTA.holding(pollutant, POOL, COUNTY)
    return accounts.balance_on(pool, timezone.localdate())


@pytest.mark.parametrize(
    ("values", "freed"),
    [
        ({}, "9.8"),  # closed: the lesser of permitted and actual
        ({"way": "retrofit", "permitted_after": Decimal("4")}, "5.8"),
        ({"way": "retrofit", "permitted_after": Decimal("20")}, "0"),
        ({"permitted_after": Decimal("4")}, "9.8"),  # closed: nothing stays
    ],
)
def test_what_a_project_frees(bureau, values, freed):
    assert reduce(bureau, **values).freed == Decimal(freed)


def test_a_reviewed_reduction_comes_into_the_pool_against_its_matter(bureau, client):
    matter = stock(bureau)
    posting = Posting.objects.get()
    assert (posting.kind, posting.voucher_id, posting.by) == (
        "reduction",
        matter.pk,
        bureau.approver,
    )
    assert (matter.state, matter.phase, balance()) == ("stocked", "done", Decimal("9.8"))
    client.force_login(bureau.approver)
    listed = client.get("/b/air_quota").content.decode()
    assert ">9.800 t/a</td>" in listed
    assert ">计量单位" not in listed


def test_a_reduction_is_shown_for_its_days_before_it_comes_in(bureau, settings):
    matter = reduce(bureau)
    Matter.objects.filter(pk=matter.pk).update(state="shown", state_since=timezone.now())
    with pytest.raises(Refused, match="公示期至"):
        perform(matter, "stock", bureau.approver)
    assert Posting.objects.count() == 0
    (settings.PROFILE / "quota.toml").write_text("publicity_days = 0\n", encoding="utf-8")
    perform(matter, "stock", bureau.approver)
    assert Posting.objects.count() == 1


def test_what_was_entered_is_taken_over_and_asked_again_of_nobody(bureau, client):
    matter = reduce(bureau, method="许可量与实际排放量取小")
    client.force_login(bureau.approver)
    page = lxml.html.fromstring(client.get(f"/matters/air_reduction/{matter.pk}").content)
    (form,) = page.xpath("//form[contains(@action, '/account')]")
    folded = form.xpath(".//details[@class='taken-over']//*[@name]/@name")
    assert {name.removeprefix("account-") for name in folded} == {
        "way", "pollutant", "permitted", "actual", "base_year", "method",
    }  # fmt: skip
    every = form.xpath(".//*[starts-with(@name, 'account-')]/@name")
    assert set(every) - set(folded) == {"account-permitted_after"}
    perform(matter, "account", bureau.approver, {"actual": "9.1"}, paper())
    matter.refresh_from_db()
    assert (matter.state, matter.way, matter.permitted, matter.actual) == (
        "review", "closed", Decimal("12.5"), Decimal("9.1"),
    )  # fmt: skip
    kept = Event.objects.filter(matter=matter, transition="account").get().form
    assert (Decimal(kept["permitted"]), kept["actual"]) == (Decimal("12.5"), "9.1")


def test_what_stays_after_a_retrofit_is_said_by_somebody(bureau):
    matter = reduce(bureau, way="retrofit", method="许可量与实际排放量取小")
    for form in ({}, {"permitted_after": ""}):
        with pytest.raises(Refused, match="须填写改造后许可量"):
            perform(matter, "account", bureau.approver, form, paper())
    perform(matter, "account", bureau.approver, {"permitted_after": "4"}, paper())
    matter.refresh_from_db()
    assert (matter.state, matter.freed) == ("review", Decimal("5.8"))
    entered = reduce(bureau, way="retrofit", permitted_after=Decimal(4), method="取小")
    perform(entered, "account", bureau.approver, {}, paper())
    kept = Event.objects.filter(matter=entered, transition="account").get().form
    assert Decimal(kept["permitted_after"]) == 4


def test_who_accounted_does_not_approve(bureau):
    matter = reduce(bureau)
    with pytest.raises(Refused):
        perform(matter, "approve", bureau.approver)


def test_nothing_freed_is_not_stocked(bureau):
    with pytest.raises(Refused, match="没有可入库的削减量"):
        stock(bureau, way="retrofit", permitted_after=Decimal(20))
    assert balance() == 0


def test_a_new_project_takes_its_multiple_and_no_more_than_there_is(bureau):
    stock(bureau)
    project = {"title": "新建汽车零部件", "area_code": "990101001", "pollutant": "NOx"}
    first = actions.open_matter(
        ALLOCATION, {**project, "added": Decimal("3"), "multiple": Decimal(2)}, by=bureau.approver
    )
    form = {"pollutant": "NOx", "added": "3", "multiple": "2"}
    perform(first, "submit", bureau.approver, form)
    perform(first, "allocate", bureau.leader, {"approval_no": "安环审〔2026〕8号"})
    assert balance() == Decimal("3.8")
    second = actions.open_matter(
        ALLOCATION, {**project, "added": Decimal("2"), "multiple": Decimal(2)}, by=bureau.approver
    )
    perform(second, "submit", bureau.approver, {**form, "added": "2"})
    with pytest.raises(Refused, match=r"差 0\.200 t/a"):
        perform(second, "allocate", bureau.leader)
    second.refresh_from_db()
    assert (second.state, balance()) == ("review", Decimal("3.8"))
    assert accounts.first_broken(QUOTA) == ""


def test_each_pollutant_has_a_pool_of_its_own(bureau):
    stock(bureau)
    assert (balance("NOx"), balance("VOCs")) == (Decimal("9.8"), 0)
    assert accounts.balance_on(QUOTA.holding("NOx", POOL, COUNTY), date(2020, 1, 1)) == 0

"""The demonstration's plan of the year, and the summary that is written from it."""

from __future__ import annotations

import os
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone
from pypdf import PdfReader
from tests.daily_values import put_air, span

from demo import build, city, plan
from ecoledger.accounts.models import Person
from ecoledger.indicators.models import PlanItem
from ecoledger.monitoring.computing import evaluate
from ecoledger.reports import checking, drafting, rendering
from ecoledger.reports.summary import YEARLY

pytestmark = pytest.mark.django_db


def test_the_year_is_there_and_its_summary_is_whole(store, settings, tmp_path: Path):
    settings.PROFILE = tmp_path / "profile"
    settings.PROFILE.mkdir()
    build.build()
    now = timezone.localtime()
    made = plan.build(now)
    assert made["重点任务"] == 72
    assert set(PlanItem.objects.values_list("state", flat=True)) == {"proposed"}
    county = evaluate.area_point(city.CITY_CODE)
    for year in (now.year - 1, now.year):
        first = date(year, 1, 1)
        days = (now.date() - date(now.year, 1, 1)).days
        put_air(
            store,
            county,
            {d: {"pm2_5": 20.0 + 60 * (n % 11 == 0)} for n, d in enumerate(span(first, days))},
        )
    leader = Person.objects.get(username="juzhang")
    draft = drafting.begin_report(YEARLY, city.CITY_CODE, now.date(), by=leader)
    files = {
        ending: content for _name, ending, content in rendering.files(draft, "试1号", now.date())
    }
    said = checking.text_of(rendering.report_of(draft, "试1号"))
    assert "{" not in said
    assert "116篇" in said
    assert "（1）" in said
    pages = PdfReader(BytesIO(files["pdf"])).pages
    text = "".join(p.extract_text() for p in pages)
    assert len(pages) >= 3
    assert "{" not in text
    assert checking.findings(rendering.report_of(draft, "试1号")) == []
    if folder := os.environ.get("KEEP_DOCUMENTS"):
        for ending, content in files.items():
            (Path(folder) / f"summary.{ending}").write_bytes(content)

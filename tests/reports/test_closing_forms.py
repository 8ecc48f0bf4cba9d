"""The check forms of a closing say what was said and which files came, once it was applied for and once it was checked."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from docx import Document
from tests.path.house import PNG

from ecoledger.matters import actions
from ecoledger.matters.actions import Upload
from ecoledger.reports import drafting, opening
from ecoledger.reports.closing_forms import APPLICATION, CHECK


def printed(letter, matter, people, **words):
    draft = drafting.begin_letter(letter, matter, by=people["officer"])
    drafting.write(draft, draft.words | words, by=people["officer"])
    drafting.submit(draft, by=people["officer"])
    while draft.state in ("review", "sign"):
        drafting.approve(draft, by=people["leader" if draft.state == "sign" else "officer2"])
    issued = drafting.issue(draft, by=people["officer2"])
    assert opening.content(issued, "pdf").startswith(b"%PDF")
    (table,) = Document(BytesIO(opening.content(issued, "docx"))).tables
    return {row.cells[0].text: row.cells[1].text for row in table.rows}


def test_a_closing_is_applied_for_and_checked_on_paper(files, problem, people):
    town = people["town"]
    form = {
        "owner_organisation": town.organisation_id, "owner": town.pk, "measures": "清运垃圾，设置围挡",
        "deadline": f"{timezone.localdate() + timedelta(days=20)}",
    }  # fmt: skip
    actions.perform(problem.pk, "hand_over", by=people["dispatcher"], form=form)
    photo = Upload(SimpleUploadedFile("清运后.png", PNG, "image/png"), caption="清运后的河岸")
    said = {"verdict": "true", "result": "已清运垃圾三方，设置围挡。"}
    actions.perform(problem.pk, "apply_close", by=town, form=said, files=[photo])
    application = printed(APPLICATION, problem, people, 自查情况="经自查，垃圾已清运。")
    assert application["问题"] == "河岸堆放垃圾"
    assert application["整改完成情况"] == "已清运垃圾三方，设置围挡。"
    assert application["佐证材料"] == "1.清运后的河岸"
    assert application["整改责任单位"] == town.organisation.name
    actions.perform(
        problem.pk, "confirm_close", by=people["leader"], form={"checked": "现场已清理"}
    )
    check = printed(CHECK, problem, people, 核查人员="甲、乙")
    assert check["核查情况"] == "现场已清理"
    assert check["核查结论"] == "同意销号"
    assert not [text for text in (*application.values(), *check.values()) if "{" in text or "None" in text]  # fmt: skip

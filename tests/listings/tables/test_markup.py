"""Pages that hold tables, and pages whose tags never end."""

from __future__ import annotations

import re

import pytest

from ecoledger.listings.tables import markup

PAGE = "<table><tr><td>水量</td></tr><tr><td>3 &lt; 5</td></tr></table>"
WHOLE = [["水量"], ["3 < 5"]]


class Counted:
    """A pattern that counts how often it is asked for."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern, self.searches = pattern, 0

    def search(self, text: str, position: int) -> re.Match[str] | None:
        self.searches += 1
        return self.pattern.search(text, position)


@pytest.mark.parametrize(
    "behind", ["<a " * 500, "</a " * 500, "<!-- " * 500, "<!x" * 500, "<? " * 500, "< "]
)
def test_what_begins_a_tag_behind_the_last_end_of_one_is_text(monkeypatch, behind):
    begun = []
    for name in ("parse_starttag", "parse_endtag", "parse_pi", "parse_html_declaration"):
        own = getattr(markup._Tables, name)
        monkeypatch.setattr(
            markup._Tables, name, lambda parser, i, own=own: begun.append(i) or own(parser, i)
        )
    assert [table.rows for table in markup.read_html(PAGE + behind).tables] == [WHOLE]
    assert len(begun) == 10


@pytest.mark.parametrize("start", ["<!--x>", "<![CDATA[]>", "<!doctype x>"])
def test_the_end_of_a_comment_that_has_none_is_looked_for_once(monkeypatch, start):
    ends = Counted(markup._COMMENT_ENDS)
    monkeypatch.setattr(markup, "_COMMENT_ENDS", ends)
    assert [table.rows for table in markup.read_html(PAGE + start * 500).tables] == [WHOLE]
    assert ends.searches <= 1


def test_comments_and_the_marks_of_office_programs_are_no_cells():
    marked = "<![if !x]><!--[if gte mso 9]><table><tr><td>不是</td></tr></table><![endif]--><!-- a > b -->"
    page = f"<!DOCTYPE html>{marked}{PAGE}{marked}<![endif]>"
    assert [table.rows for table in markup.read_html(page).tables] == [WHOLE]

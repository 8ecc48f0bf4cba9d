"""Text as tables: any encoding and delimiter, and quotation marks that nobody closed."""

from __future__ import annotations

import pytest

from ecoledger.listings.tables.book import Fault
from ecoledger.listings.tables.reading import NoTableError, book_of

HEAD = "点位,时间,PM2.5,备注\n"


def table(content: bytes | str):
    return book_of(content.encode() if isinstance(content, str) else content).tables[0]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_one_table_however_it_is_written(encoding, delimiter, end):
    rows = [
        ["点位", "时间", "PM2.5"],
        ["市政府", "2026-03-18 00:00", "30"],
        ["体育馆", "2026-03-18 01:00", "31"],
    ]
    text = end.join(delimiter.join(row) for row in rows) + end
    got = table(text.encode(encoding))
    assert got.rows == rows
    assert got.numbers == [1, 2, 3]
    assert got.faults == {}


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"])
def test_lines_end_with_any_line_separator(end):
    text = end.join(["点位,时间,PM2.5", "甲,2026-03-18 00:00,30", "甲,2026-03-18 01:00,31"])
    assert [row[-1] for row in table(text).rows] == ["PM2.5", "30", "31"]
    assert [row[-1] for row in table(text + "\n").rows] == ["PM2.5", "30", "31"]


def test_a_last_line_feed_does_not_hide_returns():
    assert table("点位,时间\r甲,1\r乙,2\n").numbers == [1, 2, 3]
    assert table('点位,备注\n甲,"多\r行"\n乙,\n').numbers == [1, 2, 3]


def test_a_title_with_full_width_commas_does_not_choose_the_delimiter():
    got = table("小时数据，未经审核，仅供参考，谢谢\n点位,时间,PM2.5\n市政府,2026-03-14 00:00,30\n")
    assert got.rows[1:] == [["点位", "时间", "PM2.5"], ["市政府", "2026-03-14 00:00", "30"]]


def test_a_hint_for_the_delimiter_is_taken_and_is_no_row():
    got = table("sep=;\na;b\n1;2\n")
    assert (got.rows, got.numbers) == ([["a", "b"], ["1", "2"]], [2, 3])


def test_a_stray_mark_costs_its_own_row_and_no_other():
    got = table(HEAD + '甲,1,30,5"管道\n甲,2,31,"停电\n甲,3,32,\n甲,4,33,"好，了"\n')
    assert got.faults == {3: [Fault("quote", None, '甲,2,31,"停电')]}
    assert got.rows[1] == ["甲", "1", "30", '5"管道']
    assert got.rows[3] == ["甲", "3", "32", None]
    assert got.rows[4] == ["甲", "4", "33", "好，了"]


def test_two_stray_marks_do_not_swallow_what_stands_between_them():
    body = "".join(f"甲,{n},3{n % 10},\n" for n in range(3, 90))
    got = table(HEAD + '甲,1,30,"停电\n' + body + '甲,90,30,停电"\n' + "甲,91,31,\n")
    assert list(got.faults) == [2]
    assert got.numbers == list(range(1, 92))
    between = table(HEAD + '甲,1,30,"停电\n' + body + '甲,90,30,"又停\n')
    assert list(between.faults) == [2, 90]
    assert len(between.rows) == 90


def test_a_cell_in_marks_may_have_lines_delimiters_and_marks():
    got = table(HEAD + '甲,1,30,"一、停电\n二、检修，""大""\n三"\n甲,2,31,\n')
    assert got.rows[1][3] == '一、停电\n二、检修，"大"\n三'
    assert got.numbers == [1, 2, 5]
    assert got.faults == {}


def test_text_after_a_closing_mark_stands_as_it_is():
    assert table('a,b\n"三角地"垃圾,2\n').rows[1] == ['"三角地"垃圾', "2"]


@pytest.mark.parametrize("broken", [b"\xa1\xff", b"\xff", b"\x80\xff\xff"])
def test_a_broken_byte_is_named_by_row_and_cell(broken):
    content = (
        HEAD.encode("gbk") + "甲,1,30,正常\n".encode("gbk") + b"\xbc\xd7,2,31," + broken + b"\n"
    )
    got = table(content)
    assert [(n, f.kind, f.column) for n, fs in got.faults.items() for f in fs] == [(3, "bytes", 3)]
    assert got.rows[1] == ["甲", "1", "30", "正常"]


def test_one_broken_byte_does_not_make_utf_8_another_encoding():
    content = HEAD.encode() + "甲,1,30,正常\n".encode() * 5 + b"\xe7\x94,2,31,\n"
    got = table(content)
    assert got.rows[0][0] == "点位"
    assert list(got.faults) == [7]


def test_between_semicolons_a_comma_is_the_decimal_sign():
    got = table("点位;总磷;氨氮\n甲;0,125;1,250\n甲;0,118;-0,35\n")
    assert got.rows[1:] == [["甲", "0.125", "1.250"], ["甲", "0.118", "-0.35"]]


def test_a_comma_that_may_be_either_is_named_not_guessed():
    got = table("点位;总磷;人口\n甲;1,250;3,400\n")
    assert [(f.kind, f.column, f.text) for f in got.faults[2]] == [
        ("comma", 1, "1,250"),
        ("comma", 2, "3,400"),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"%PDF-1.7 ...", "pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0", "image"),
        (b"\x00\x01\x02\x03" * 200, "binary"),
        (b"PK\x03\x04 no archive", "damaged"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "damaged"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", "mhtml"),
    ],
)
def test_what_is_no_table_says_what_it_is(content, why):
    with pytest.raises(NoTableError, match=why):
        book_of(content)

"""Whoever reads English reads it in the notes of a template and of a file, between the words of the table itself."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from django.utils.translation import override

from ecoledger.listings import catalogue
from ecoledger.listings.importing import files
from ecoledger.listings.importing.sheets import notes_on
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import one_sentence, problem
from ecoledger.listings.tables.book import Book, Table
from ecoledger.listings.tables.headers import Header

pytestmark = pytest.mark.django_db
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")


def notes_of(listing):
    sheet = openpyxl.load_workbook(io.BytesIO(files.template(listing))).worksheets[1]
    return [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_every_templates_notes_are_in_the_readers_language():
    # What a table is written in is named as it is written.
    signs = re.compile(r"是 \(yes\), 否 \(no\)|(?<= by )、|“[^”]*”")
    with override("en"):
        books = [one for one in catalogue.listings_of(Listing) if one.import_columns]
        left = {
            (book.key, text)
            for book in books
            for _name, *texts in notes_of(book)
            for text in texts
            if CHINESE.search(signs.sub("", text))
        }
    assert not left


def test_notes_on_a_file_and_faults_of_a_row_have_no_chinese_signs():
    tables = [Table(name, [["a"], ["1"]], [1, 2]) for name in ("May", "June")]
    book = Book("xlsx", tables)
    read = [(table, Header(("a",), 0, 1, 1)) for table in tables]
    with override("en"):
        assert notes_on(book, read) == ["Sheets read: May, June"]
        faults = [problem("x", "Date", "missing"), problem("", "", "too long")]
        assert one_sentence(faults) == "Date: missing; too long"

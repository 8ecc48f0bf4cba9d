"""What every declared book promises, whichever kind it is of: one test over all of them."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.core.exceptions import EmptyResultSet
from django.db import models
from django.utils import timezone

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.books import account
from ecoledger.books.account import Account
from ecoledger.books.campaign import Campaign
from ecoledger.books.duty import Duty
from ecoledger.books.log import Log
from ecoledger.books.models import Drive, Edition, Obligation, ScoreRound
from ecoledger.books.roster import Roster
from ecoledger.books.score_sheet import ScoreSheet
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings import cells, forms, selecting
from ecoledger.listings.catalogue import all_listings, listings_of
from ecoledger.listings.importing import accepting, checking, files
from ecoledger.listings.importing.examples import rows_of
from ecoledger.listings.parts import Kind
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.actions import performing
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register
from ecoledger.matters.workflow import Phase
from ecoledger.monitoring.alarming import alarms

pytestmark = pytest.mark.django_db

BOOKS = [pytest.param(book, id=book.key) for book in all_listings()]
REGISTERS = [pytest.param(book, id=book.key) for book in listings_of(Register)]


def plausible(ask, bureau):
    """A value that the asked field takes."""
    if ask.choices:
        return ask.choices[0][0]
    area = {"type": "Polygon", "coordinates": [[[118, 24], [119, 24], [119, 25], [118, 24]]]}
    if ask.stores in ("geometry", "outline"):
        return area if ask.stores == "geometry" else json.dumps(area)
    if ask.stores == "party_code":
        return "914403001922038216"
    match ask.kind:
        case Kind.AREA:
            return bureau.towns[0].code
        case Kind.DATE:
            return timezone.localdate() + timedelta(days=30)
        case Kind.DATETIME:
            return timezone.now()
        case Kind.INTEGER:
            return 1
        case Kind.DECIMAL:
            return Decimal("1.5")
        case Kind.BOOLEAN:
            return False
        case Kind.REFERENCE:
            return reference(ask.to, bureau)
    return "914403001922038217" if ask.stores in ("uscc", "party_code") else "甲"


def reference(model, bureau):
    if model is Organisation:
        return bureau.town.organisation
    if model is Person:
        return bureau.town
    if issubclass(model, Entity):
        if model is Entity:
            return bureau.enterprise
        row = model._default_manager.first()
        town = bureau.towns[0].code
        return row or model._default_manager.create(code="X-1", name="甲", area_code=town)
    return model._default_manager.first()


def what_a_rule_knows(model):
    """Values for the fields that no form asks and no default fills."""
    alarms.default_rules()
    known = {}
    for field in model._meta.local_fields:
        if field.null or field.has_default() or field.primary_key or field.name in known:
            continue
        if field.related_model is not None:
            known[field.name] = field.related_model._default_manager.first()
        elif isinstance(field, models.DateTimeField):
            known[field.name] = timezone.now()
    return known


@pytest.fixture
def matter_of(bureau):
    """A matter of a register, opened with plausible values by somebody who may."""

    def make(register):
        values = {a.stores: plausible(a, bureau) for a in register.fields if a.stores}
        # What only a rule opens is opened by nobody.
        person = next((p for p in bureau.people.values() if register.may_open(p)), None)
        values |= {"title": "甲", "area_code": bureau.towns[0].code}
        # A day that is plausible for what is planned is none on which anything has happened.
        ahead = register.lying_ahead(register.fields, values, timezone.now())
        values |= dict.fromkeys(ahead, timezone.localdate())
        if person is None:
            values |= what_a_rule_knows(register.model)
        return actions.open_matter(register, values, by=person)

    return make


def question(rows):
    """What the database is asked for ``rows``; nothing where the answer is known to be none."""
    try:
        return rows.query.sql_with_params()
    except EmptyResultSet:
        return None


@pytest.mark.parametrize("book", BOOKS)
def test_its_list_is_read_sorted_filtered_searched_and_exported_by_every_role(book, bureau):
    query = {f.name: "1" for f in book.filters} | {"q": "甲 1"}
    sorted_alike, exported_alike = set(), set()
    for person in bureau.people.values():
        rows = selecting.select(book, person, {})
        found = selecting.select(book, person, query)
        assert 0 <= found.count() <= rows.count()
        columns = book.open_columns(person)
        # Who sees the same rows and columns as somebody before him sorts them alike; down and up is one rule.
        if new_to(sorted_alike, (columns, question(rows))):
            ways = ("", "-") if len(sorted_alike) == 1 else ("",)
            for column in columns:
                if column.sortable:
                    for way in ways:
                        list(selecting.ordered(book, person, rows, f"{way}{column.name}")[:3])
        if new_to(exported_alike, columns):
            content = cells.workbook(book, person, rows[:5], title=str(book.label))
            sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
            heads = {str(cell.value) for row in sheet.iter_rows(max_row=4) for cell in row}
            assert {str(c.label) for c in columns} <= heads


def new_to(seen, what):
    """Whether it was not seen yet; now it is."""
    return what not in seen and not seen.add(what)


@pytest.mark.parametrize("register", [p for p in REGISTERS if len(p.values[0].lines) > 1])
def test_its_child_rows_are_exported_each_on_its_own_sheet(register, bureau, matter_of):
    """Sheets are written after all of them are named: each has the columns and rows of its own lines still."""
    matter = matter_of(register)
    for lines in register.lines:
        lines.of(matter).delete()
        values = {ask.stores: plausible(ask, bureau) for ask in lines.asks if ask.stores}
        lines.model._default_manager.create(**values, **{lines.parent: matter})
    person = next(p for p in bureau.people.values() if register.visible_to(p).exists())
    rows = register.visible_to(person)
    content = cells.workbook(register, person, rows, title=str(register.label))
    book = openpyxl.load_workbook(io.BytesIO(content))
    for lines in register.lines:
        table = [[str(cell or "") for cell in row] for row in book[str(lines.label)].values]
        assert ["编号", *(str(column.label) for column in lines.shown)] in table
        shown = [cells.text_of(lines.of(matter).get(), column) for column in lines.shown]
        written = [row for row in table if row[0] == matter.number]
        assert len(written) == 1
        texts = [n for n, column in enumerate(lines.shown) if column.kind is Kind.TEXT]
        assert [written[0][n + 1] for n in texts] == [shown[n] for n in texts]


def in_one_table():
    """Lists of one kind that keep their rows in one table, two by two."""
    pairs = itertools.permutations(all_listings(), 2)
    return [(a, b) for a, b in pairs if a.model is b.model and type(a).told_apart_by]


def test_whatever_kind_may_share_a_table_tells_its_lists_apart():
    """A table with the key of a book in it may come to hold two: no list of it forgets to ask for its own."""
    kinds = (Account, Campaign, Duty, Log, Roster, ScoreSheet)
    for book in (book for kind in kinds for book in listings_of(kind)):
        assert type(book).told_apart_by, book.key
        assert book.key in str(book.standing().query), book.key
    assert {type(a) for a, _b in in_one_table()} >= {Account, Campaign, Duty, ScoreSheet}


@pytest.mark.parametrize(
    ("book", "other"), [pytest.param(*p, id=f"{p[0].key} {p[1].key}") for p in in_one_table()]
)
def test_no_list_shows_the_rows_of_another_in_its_table(book, other, bureau):
    made = row_of(book, bureau)
    for person in bureau.people.values():
        assert not other.visible_to(person).filter(pk=made.pk).exists()
        assert not selecting.select(other, person, {}).filter(pk=made.pk).exists()
    assert not other.standing().filter(pk=made.pk).exists()
    seen = [p for p in bureau.people.values() if book.visible_to(p).filter(pk=made.pk).exists()]
    assert seen
    assert [row.pk for row in book.visible_to(seen[0])] == [made.pk]


def row_of(book, bureau):
    """A row as the kind of list keeps it."""
    today, area = timezone.localdate(), bureau.towns[0].code
    match book:
        case Account():
            item = book.items[0].key if book.items else "900-039-49"
            kind = next(v for v in book.vouchers if v.source)
            held = book.holding(item, bureau.enterprise)
            moves = {held: Decimal(1), book.outside(item, kind.source, area): Decimal(-1)}
            return account.post(book, kind.key, moves, on=today, text="甲", by=None)
        case Campaign():
            return Drive.objects.create(
                book=book.key, name="甲", area_code=area, begin=today, end=today
            )
        case Log():
            weights = {
                f.name: Decimal(1)
                for f in book.model._meta.local_fields
                if isinstance(f, models.DecimalField) and not f.null and not f.has_default()
            }
            return book.model._default_manager.create(
                book=book.key, entity=bureau.enterprise, area_code=area, **weights
            )
        case Duty():
            return Obligation.objects.create(
                book=book.key,
                entity=bureau.enterprise,
                area_code=area,
                begin=today,
                end=today,
                due=today,
            )
        case Log():
            return book.model._default_manager.create(
                book=book.key, entity=bureau.enterprise, area_code=area
            )
        case ScoreSheet():
            return ScoreRound.objects.create(
                book=book.key, name="甲", area_code=area, begin=today, end=today
            )
        case Roster():
            edition = Edition.objects.create(book=book.key, name="甲", area_code=area)
            return book.model._default_manager.create(
                edition=edition, entity=bureau.enterprise, area_code=area
            )
    raise AssertionError(f"{book.key}: how does it keep its rows?")


@pytest.mark.parametrize("book", BOOKS)
def test_it_shows_nothing_to_whom_it_is_not_open(book, bureau):
    for person in bureau.people.values():
        if not person.may(book.see):
            assert not book.visible_to(person).exists()


@pytest.mark.parametrize("book", BOOKS)
def test_what_it_hides_is_hidden_everywhere(book, bureau):
    for name, capability in book.hidden.items():
        person = next(p for p in bureau.people.values() if not p.may(capability))
        assert name not in book.open_names(person)
        assert name not in {c.name for c in book.open_columns(person)}
        assert name not in {c.name for c in book.open_details(person)}
        assert name not in book.open_search(person)
        assert name not in {f.lookup for f in book.open_filters(person)}
        rows = book.visible_to(person)
        order = str(selecting.ordered(book, person, rows, name).query.order_by)
        assert name not in order
    assert set(book.hidden) <= set(book.names())


@pytest.mark.parametrize("book", BOOKS)
def test_its_form_asks_what_it_says_and_refuses_an_empty_one_by_field(book, bureau):
    asks = book.open_asks(bureau.dispatcher, book.fields)
    form = forms.form_of(asks, book.model, data={}, person=bureau.dispatcher)
    required = {a.name for a in asks if a.required}
    assert form.is_valid() is not bool(required)
    assert required <= set(form.errors)


def numbers_asked(book):
    """Every number that a declared list asks for, with the model it is kept in: in its form, of a table, with a step, in
    child rows."""
    asks = [(ask, book.model) for ask in (*book.fields, *(c.ask for c in book.import_columns))]
    if isinstance(book, Register):
        for transition in book.workflow.transitions:
            asks += [(ask, book.model) for ask in book.asks_of(transition)]
        asks += [(ask, lines.model) for lines in book.lines for ask in lines.asks]
    return [(a, m) for a, m in asks if a.kind in (Kind.INTEGER, Kind.DECIMAL) and not a.choices]


@pytest.mark.parametrize("book", [p for p in BOOKS if numbers_asked(p.values[0])])
def test_it_takes_no_number_that_it_could_not_keep_and_show(book, bureau):
    for ask, model in numbers_asked(book):
        for said in ("1e30", "1e400", "-1e30", "9" * 20, "NaN", "sNaN", "Infinity", "-Infinity"):
            form = forms.form_of([ask], model, data={ask.name: said}, person=bureau.dispatcher)
            assert ask.name in form.errors, f"{ask.name}: {said}"


@pytest.mark.parametrize("book", BOOKS)
def test_its_template_opens_and_loses_no_row(book, bureau):
    if book.imports is None:
        assert book.import_columns == ()
        return
    content = files.template(book)
    assert openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].max_column >= 2
    batch = checking.preview(book, "模板.xlsx", content, by=None)
    rows = batch.entries.count() if hasattr(batch, "entries") else len(batch.rows.all())
    assert rows <= 1
    heads = {str(c.ask.label) for c in book.import_columns}
    assert len(heads) == len(book.import_columns), "two columns of one name"


# Books whose rows name others by several texts together: of these nothing is on record here.
NAMED_IN_WORDS = {"self_result", "reported_amount"}


@pytest.mark.parametrize("book", [p for p in BOOKS if p.values[0].imports is not None])
def test_the_example_of_its_template_is_taken_as_it_is(book, bureau):
    """What the example names is on record here, unless the table it names from is empty."""
    Enterprise.objects.create(code="E-2", name="测试印染厂", area_code=bureau.towns[0].code)
    person = next((p for p in bureau.people.values() if book.may_open(p)), None)
    batch = checking.preview(book, "模板.xlsx", files.template(book, by=person), by=person)
    empty = set()
    for column in book.import_columns:
        field = forms.field_of(column.ask, book.model, person)
        if isinstance(field, forms.LookupField) and not rows_of(book, column, field).exists():
            empty.add(column.name)
    (row,) = batch.rows.all()
    if book.key in NAMED_IN_WORDS:
        empty.add("")
    assert [fault for fault in row.errors if fault["column"] not in empty] == []


@pytest.mark.parametrize("book", [p for p in BOOKS if p.values[0].imports is not None])
def test_its_own_export_taken_in_again_adds_no_row(book, bureau, matter_of):
    """Nothing that a table must say is missing, and of no row anything is wrong that stands so in the book."""
    person = next((p for p in bureau.people.values() if book.may_open(p)), None)
    batch = checking.preview(book, "模板.xlsx", files.template(book, by=person), by=person)
    with contextlib.suppress(Refused):
        accepting.accept(book, batch.pk, by=person)
    if isinstance(book, Register):
        matter_of(book)
    rows = book.own_rows() if person is None else book.visible_to(person)
    content = cells.workbook(book, person or bureau.leader, rows, title=str(book.label))
    before = rows.count()
    if before:
        again = checking.preview(book, "导出.xlsx", content, by=person)
        read = list(again.rows.all())
        assert [fault for row in read for fault in row.errors] == []
        accepting.accept(book, again.pk, by=person)
    assert rows.count() == before


@pytest.mark.parametrize("book", BOOKS)
def test_its_words_are_there(book):
    assert str(book.label)
    assert book.line, f"{book.key} belongs to no line of business"
    for part in (*book.columns, *book.details, *book.filters, *book.fields):
        assert str(part.label), f"{book.key}.{part.name} has no label"
    assert not book.lead or book.lead in book.names()


@pytest.mark.parametrize("register", REGISTERS)
def test_each_transition_is_open_to_some_role_and_refused_to_the_others(
    register, bureau, matter_of
):
    matter = matter_of(register)
    for transition in register.workflow.transitions:
        assert transition.by or transition.automatic
        Matter.objects.filter(pk=matter.pk).update(
            state=transition.sources[0],
            phase=register.workflow.state(transition.sources[0]).phase.value,
        )
        matter.refresh_from_db()
        for name, person in bureau.people.items():
            role = Role.OFFICER if name == "officer2" else Role(name)
            refused = performing.refusal(matter, transition, person)
            if role not in transition.by:
                assert refused is not None, f"{register.key}.{transition.name} by {role}"
                assert refused.why


@pytest.mark.parametrize("register", REGISTERS)
def test_its_states_end_and_wait_for_somebody(register):
    for state in register.workflow.states:
        if state.phase is Phase.OPEN:
            assert state.waits_for, f"{register.key}.{state.name} waits for nobody"
    assert register.workflow.names(Phase.CLOSED, Phase.DONE)


@pytest.mark.parametrize("register", REGISTERS)
def test_a_matter_with_a_place_is_a_valid_feature(register, matter_of, bureau):
    matter = matter_of(register)
    Matter.objects.filter(pk=matter.pk).update(lon=118.6, lat=24.9)
    row = register.model._default_manager.get(pk=matter.pk)
    (feature,) = cells.features(register, bureau.dispatcher, [row])["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [118.6, 24.9]}
    assert feature["properties"]["listing"] == register.key


def test_every_line_of_business_has_a_book():
    from ecoledger.accounts.roles import LINES

    lines = {book.line for book in all_listings()}
    assert lines <= set(LINES)


def test_no_two_registers_number_alike():
    """A number says which book it stands in: each register has a series of its own."""
    numbers = [book.pattern.format(year=2026, n=1) for book in listings_of(Register)]
    assert sorted(n for n in set(numbers) if numbers.count(n) > 1) == []
    begins = [n.partition("〔")[0] for n in numbers]
    assert sorted(b for b in set(begins) if begins.count(b) > 1) == []

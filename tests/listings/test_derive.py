"""Names of a declaration become columns, filters, form fields and import columns by what the model says."""

from __future__ import annotations

import pytest

from ecoledger.entities.models import Enterprise, Outlet
from ecoledger.listings.catalogue import all_listings, declare, listing_of
from ecoledger.listings.listing import (
    Ask,
    Column,
    DeclarationError,
    Filter,
    Import,
    Kind,
    Listing,
)
from ecoledger.matters.models import Clock, Evidence


def _enterprises(**more) -> Listing:
    return Listing(
        **{
            "key": "firm",
            "label": "企业",
            "model": Enterprise,
            "columns": ("code", "name", "area_code", "is_key", "phone"),
            "filters": ("area_code", "is_key", "industry_code"),
            "fields": ("name", "area_code", "address", "is_key"),
            "search": ("name", "uscc"),
            "enterprise": "code",
        }
        | more
    )


def test_a_column_takes_label_kind_and_choices_from_the_model():
    outlets = Listing(
        key="outlet",
        label="排放口",
        model=Outlet,
        columns=(
            "number",
            "medium",
            "parent",
            "parent__name",
            "reference_oxygen",
            "synthetic",
        ),
        labels={"number": "编号"},
    )
    assert [(c.label, c.kind) for c in outlets.columns] == [
        ("编号", Kind.TEXT),
        ("类型", Kind.CHOICE),
        ("所属对象", Kind.REFERENCE),
        ("所属对象", Kind.TEXT),
        ("基准含氧量 %", Kind.DECIMAL),
        ("合成数据", Kind.BOOLEAN),
    ]
    assert outlets.columns[1].choices == (("gas", "废气"), ("water", "废水"))


def test_a_list_sorts_by_what_the_database_has_an_index_for():
    listing = _enterprises()
    assert {c.name: c.sortable for c in listing.columns} == {
        "code": True,
        "name": True,
        "area_code": True,
        "is_key": False,
        "phone": False,
    }


def test_a_form_field_is_required_as_the_model_is_and_keeps_what_it_stores():
    name, area, address, is_key = _enterprises().fields
    assert (name.label, name.kind, name.required, name.stores) == ("名称", Kind.TEXT, True, "name")
    assert (area.kind, area.required) == (Kind.AREA, True)
    assert address.required is False
    assert (is_key.kind, is_key.required) == (Kind.BOOLEAN, False)


def test_a_reference_knows_the_table_it_points_to():
    listing = Listing(
        key="evidence",
        label="证据",
        model=Evidence,
        area="",
        filters=("uploaded_by",),
        fields=("uploaded_by",),
    )
    person = Evidence._meta.get_field("uploaded_by").related_model
    assert listing.filters[0].to is person
    assert listing.fields[0].to is person


def test_an_object_overrides_a_name_and_leaves_the_rest_to_the_model():
    listing = _enterprises(
        columns=(Column("name", narrow=True), Column("phone", "电话", sortable=True)),
        filters=(Filter("town", "镇街", path="area_code"),),
        fields=(Ask("name", required=False), Ask("why", "理由", stores=None)),
    )
    name, phone = listing.columns
    assert (name.label, name.narrow, name.sortable) == ("名称", True, True)
    assert (phone.label, phone.kind, phone.sortable) == ("电话", Kind.TEXT, True)
    assert (listing.filters[0].lookup, listing.filters[0].kind) == ("area_code", Kind.AREA)
    asked, said = listing.fields
    assert (asked.required, asked.label) == (False, "名称")
    assert (said.stores, said.required, said.kind) == (None, True, Kind.TEXT)


def test_the_template_has_the_forms_fields_and_more_with_headers_seen_in_practice():
    listing = _enterprises(
        imports=Import(key=("uscc",), also=("uscc",), headers={"name": ("企业名称",)})
    )
    columns = listing.import_columns
    assert [c.name for c in columns] == ["name", "area_code", "address", "is_key", "uscc"]
    assert columns[0].aliases == ("企业名称",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": ("nmae",)},
        {"filters": ("owner__name",)},
        {"fields": ("KIND_",)},
        {"search": ("river__name",)},
        {"hidden": {"phone": "see_everything"}},
        {"imports": Import(key=("uscc",))},
        {"fields": (Ask("why", stores=None),)},
        {"columns": ("as_outlet__nothing",)},
    ],
)
def test_a_wrong_name_fails_where_it_is_declared(wrong):
    with pytest.raises(DeclarationError):
        _enterprises(**wrong)


def test_a_hidden_name_is_open_only_to_who_holds_its_capability(people):
    listing = _enterprises(
        columns=("code", "phone"),
        details=("phone", "contact"),
        filters=(Filter("phone", "电话"),),
        search=("name", "phone"),
        fields=("name", "phone"),
        hidden={"phone": "see_complainants"},
    )
    officer, dispatcher = people["officer"], people["dispatcher"]
    assert "phone" not in listing.open_names(officer)
    assert "phone" in listing.open_names(dispatcher)
    assert [c.name for c in listing.open_columns(officer)] == ["code"]
    assert [c.name for c in listing.open_details(officer)] == ["contact"]
    assert listing.open_filters(officer) == ()
    assert listing.open_search(officer) == ("name",)
    assert [a.name for a in listing.open_asks(officer, listing.fields)] == ["name"]
    assert len(listing.open_asks(dispatcher, listing.fields)) == 2


def test_rows_are_those_of_the_persons_area_or_own_file(bureau):
    listing = _enterprises(see="see_monitoring")
    everybody = {e.code for e in Enterprise.objects.all()}
    assert {e.code for e in listing.visible_to(bureau.people["officer"])} == everybody
    assert {e.code for e in listing.visible_to(bureau.people["enterprise"])} == {"E-1"} & everybody
    assert not listing.visible_to(bureau.people["audit_admin"]).exists()


def test_a_declared_list_is_found_by_its_key_and_declared_once():
    listing = declare(_enterprises(key="firm-declared-once"))
    assert listing_of("firm-declared-once") is listing
    assert listing in all_listings()
    with pytest.raises(DeclarationError, match="twice"):
        declare(_enterprises(key="firm-declared-once"))


def test_a_kind_of_book_says_what_the_model_cannot():
    class Timed(Listing):
        kinds = {"due": Kind.DUE}

    listing = Timed(key="clock", label="时限", model=Clock, area="", columns=("due", "started_at"))
    assert [c.kind for c in listing.columns] == [Kind.DUE, Kind.DATETIME]
    assert listing.columns[0].sortable


def test_rows_are_opened_and_changed_with_their_trail(bureau):
    from django.utils import timezone

    from ecoledger.accounts.models import AuditEntry

    listing = _enterprises()
    monitor, now = bureau.people["monitor"], timezone.now()
    row = listing.open_row(
        {"code": "E-77", "name": "测试二厂", "area_code": "990101001"}, monitor, now
    )
    listing.change_row(row, {"name": "测试三厂", "area_code": "990101001"}, monitor, now)
    opened, changed = AuditEntry.objects.filter(object_id=str(row.pk)).order_by("id")
    assert (opened.action, opened.details["name"]) == ("firm.open", "测试二厂")
    assert (changed.action, changed.details) == ("firm.change", {"name": ["测试二厂", "测试三厂"]})
    assert Enterprise.objects.get(pk=row.pk).name == "测试三厂"

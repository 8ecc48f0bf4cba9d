"""Declared fields as forms: what is typed by name, initials or code becomes the row that is meant."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import lxml.html
import pytest

from ecoledger.accounts.models import Organisation
from ecoledger.entities.models import Enterprise, Outlet, Section
from ecoledger.listings import forms
from ecoledger.listings.catalogue import all_listings
from ecoledger.listings.derive import Derive
from ecoledger.listings.listing import Ask, Kind, Listing
from ecoledger.listings.lookups import MOST, NoSuchRow, lookup_for, lookup_of
from ecoledger.listings.pinyin import initials
from ecoledger.listings.refusals import Refused

OUTLETS = Listing(
    key="outlets",
    label="排放口",
    model=Outlet,
    fields=(
        "name",
        "area_code",
        Ask("parent", "所属企业", to=Enterprise, required=True),
        "number",
        "medium",
        "reference_oxygen",
        "synthetic",
    ),
)
GIVEN = {
    "name": "1号排气筒",
    "area_code": "北镇",
    "parent": "测试化工厂",
    "number": "DA001",
    "medium": "gas",
    "reference_oxygen": "8.5",
    "synthetic": "1",
}


def clean(person=None, **changes):
    return forms.cleaned(OUTLETS.fields, Outlet, GIVEN | changes, person=person)


def test_names_become_rows_and_codes(bureau):
    values = clean(person=bureau.people["monitor"])
    assert values["area_code"] == "990101001"
    assert values["parent"] == Enterprise.objects.get(code=bureau.enterprise.code)
    assert values["reference_oxygen"] == pytest.approx(8.5)
    assert values["synthetic"] is True
    assert clean(parent=bureau.enterprise.code)["parent"] == values["parent"]
    kept = forms.stored(OUTLETS.fields, values)
    assert set(kept) == set(GIVEN)


def test_what_is_wrong_is_said_beside_its_field(bureau):
    with pytest.raises(Refused) as refused:
        clean(parent="测试化肥厂", medium="smoke", reference_oxygen="八", name="")
    assert set(refused.value.fields) == {"parent", "medium", "reference_oxygen", "name"}
    assert "测试化肥厂" in refused.value.fields["parent"][0]


def test_an_area_outside_the_persons_own_cannot_be_chosen(bureau):
    with pytest.raises(Refused) as refused:
        clean(person=bureau.people["town"], area_code="南镇")
    assert "南镇" in refused.value.fields["area_code"][0]


def test_two_of_one_name_are_asked_by_code(bureau):
    Enterprise.objects.create(code="E-99", name=bureau.enterprise.name, area_code="990101002")
    with pytest.raises(NoSuchRow, match="请改填编码"):
        lookup_for(Enterprise).resolve(bureau.enterprise.name, None)
    assert lookup_for(Enterprise).resolve("E-99", None).area_code == "990101002"


def test_many_words_asked_together_name_what_each_names_alone(bureau):
    twin = Enterprise.objects.create(code="E-98", name="双名厂", area_code="990101002")
    Enterprise.objects.create(code="E-99", name="双名厂", area_code="990101002")
    # A name that is another's code: the code counts.
    Enterprise.objects.create(code="E-97", name="E-98", area_code="990101002")
    firm, firms = bureau.enterprise, lookup_for(Enterprise)
    named = firms.of_many([firm.name, firm.code, "E-98", "双名厂", "没有的厂"], None)
    assert named == {firm.name: firm, firm.code: firm, "E-98": twin}
    assert all(firms.resolve(word, None) == row for word, row in named.items())
    units, unit = lookup_of("organisation"), Organisation.objects.first()
    # Where a key of the database is sent a number is a key first.
    assert units.of_many([unit.name, str(unit.pk)], None) == {unit.name: unit}
    town = bureau.people["town"]
    hidden = Enterprise.objects.create(code="E-96", name="南镇的厂", area_code="990101002")
    assert firms.of_many([hidden.name, hidden.code], town) == {}


def test_words_typed_offer_what_begins_with_them_first(people):
    for name in ("石桥镇人民政府", "新石桥环保服务所", "石油管理处"):
        Organisation.objects.create(name=name, kind="department", area_code="990101")
    found = [str(o) for o in lookup_of("organisation").search("石桥", None)]
    assert found == ["石桥镇人民政府", "新石桥环保服务所"]
    # For nothing typed: all, where they are few; of many none.
    units = lookup_of("organisation")
    assert len(units.search("", None)) == Organisation.objects.count() <= MOST
    for n in range(MOST):
        Organisation.objects.create(name=f"第{n}管理处", kind="department", area_code="990101")
    assert units.search("", None) == []


def test_what_asks_for_a_firm_offers_firms_only(bureau):
    """A town or a station that begins with the same name cannot be chosen as the firm; elsewhere firms stand first."""
    asked = [(b.key, a) for b in all_listings() for a in b.fields if a.to is not None]
    loose = [key for key, a in asked if str(a.label) in ("企业", "对应企业", "涉及企业")
             and not issubclass(a.to, Enterprise)]  # fmt: skip
    assert loose == []
    things = lookup_of("entity").search("测试", None)
    kinds = [row.kind for row in things]
    assert kinds == sorted(kinds, key=lambda kind: kind != "enterprise")
    assert len(set(kinds)) > 1


def test_initials_of_names():
    assert initials("石桥镇") == "sqz"
    assert initials("重庆路ABC公司(3号)") == "cqlabcgs3h"
    assert initials("") == ""
    # A name after its town's is one of its own; a mayor stays one.
    assert initials("安澜市长青涂装") == "alscqtz"
    assert initials("石桥镇长河村") == "sqzchc"
    assert initials("安澜市市长热线") == "alsszrx"


def test_a_choice_is_made_by_who_fills_in_the_form(bureau):
    """The first of the choices is nobody's answer: a slip of the hand must not become data."""
    form = forms.form_of(OUTLETS.fields, Outlet)
    options = lxml.html.fromstring(str(form["medium"])).xpath("//option")
    assert (options[0].get("value"), options[0].text) == ("", "请选择")
    assert len(options) > 2
    assert not [o for o in options[1:] if o.get("selected") is not None]


def test_yes_and_no_are_asked_without_an_answer_beforehand(bureau):
    form = forms.form_of(OUTLETS.fields, Outlet)
    assert 'type="radio"' in str(form["synthetic"])
    assert "checked" not in str(form["synthetic"])
    assert clean(synthetic="")["synthetic"] is False
    assert clean(synthetic="true")["synthetic"] is True
    form = forms.form_of(OUTLETS.fields, Outlet, row=Outlet(synthetic=False))
    assert str(form["synthetic"]).count("checked") == 1


def test_a_look_up_shows_the_name_and_sends_the_code(bureau):
    outlet = Outlet(parent=bureau.enterprise, area_code="990101001")
    form = forms.form_of(OUTLETS.fields, Outlet, row=outlet)
    html = str(form["parent"])
    assert f'value="{bureau.enterprise.code}"' in html
    assert f'value="{bureau.enterprise.name}"' in html
    assert 'value="990101001" selected' in str(form["area_code"])


def test_what_is_only_said_has_the_bounds_it_was_declared_with():
    asks = Listing(
        key="said",
        label="说",
        model=Section,
        fields=(
            Ask("tonnes", "吨数", Kind.DECIMAL, stores=None, minimum=0, maximum=5, unit="t"),
            Ask("on", "日期", Kind.DATE, stores=None, required=False),
            Ask("ways", "方式", Kind.CHOICES, stores=None, choices=(("a", "甲"), ("b", "乙"))),
            Ask("why", "理由", stores=None),
        ),
    ).fields
    good = {"tonnes": "4.5", "on": "2026-12-31", "ways": ["a", "b"], "why": " 因为 "}
    assert forms.cleaned(asks, Section, good) == {
        "tonnes": Decimal("4.5"),
        "on": date(2026, 12, 31),
        "ways": ["a", "b"],
        "why": "因为",
    }
    with pytest.raises(Refused) as refused:
        forms.cleaned(asks, Section, good | {"tonnes": "-1", "ways": ["c"], "why": "长" * 201})
    assert set(refused.value.fields) == {"tonnes", "ways", "why"}


def test_a_columns_own_rules_are_asked_of_what_is_typed():
    """A validator of the model is one of the form: no entry is kept that the column's rules refuse."""
    from ecoledger.registers.waste.manifests import ManifestItem

    ask = Derive(ManifestItem, {}, {}, {}).ask
    for name, said in (("moved", "-1"), ("code", "900-249-8")):
        form = forms.form_of([ask(name)], ManifestItem, data={name: said})
        assert name in form.errors


@pytest.mark.parametrize("said", ["[" * 3500, "1" * 5000, "[1e999]", "[NaN]", '["\\ud83d"]', "{"])
def test_json_that_cannot_be_kept_is_refused_and_shown_again(said):
    ask = Derive(Section, {}, {}, {}).ask("geometry")
    form = forms.form_of([ask], Section, data={"geometry": said})
    assert "geometry" in form.errors
    assert "geometry" in form.as_p()


@pytest.mark.django_db
def test_what_is_longer_than_any_name_is_looked_for_by_nobody(bureau, django_assert_num_queries):
    firms = lookup_for(Enterprise)
    with django_assert_num_queries(0):
        assert firms.search("厂" * 60_000, None) == []
        with pytest.raises(NoSuchRow, match="太长") as refused:
            firms.resolve("厂" * 60_000, None)
    assert len(str(refused.value)) < 100

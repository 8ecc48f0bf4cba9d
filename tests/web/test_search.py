"""The search finds by name, initials, code and number, and never outside a person's scope."""

from __future__ import annotations

import re

import pytest

from ecoledger.entities.identifiers import FORMER_NAME
from ecoledger.entities.models import Enterprise, Identifier
from ecoledger.listings.pinyin import initials
from ecoledger.matters import actions
from ecoledger.matters.register import register_of
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.registers.network.models import Device
from ecoledger.web.models import SearchEntry
from ecoledger.web.search import finding, index, signs


def found(person, typed: str) -> list[str]:
    return [hit.plain for group in finding.find(person, typed) for hit in group.hits]


def test_an_enterprise_is_found_by_part_of_its_name_initials_and_code(bureau, people):
    index.catch_up()
    firm = bureau.enterprise
    entry = SearchEntry.objects.get(kind="entity", target=firm.pk)
    for typed in (firm.name, firm.name[1:4], entry.initials[:3], firm.code):
        assert firm.name in found(people["monitor"], typed), typed


def test_what_the_trade_writes_finds_what_our_pages_call_it(bureau, people):
    values = {"title": "清溪桥断面氨氮超标", "area_code": "990101001", "origin_kind": "self"}
    problem = actions.open_matter(register_of("problem"), values, by=people["officer"])
    index.catch_up()
    for typed in ("NH3-N", "nh3-n", "氨氮"):
        assert any(
            problem.number in name or problem.title in name
            for name in found(people["dispatcher"], typed)
        ), typed


def test_a_saved_name_is_found_without_catching_up(bureau, people):
    firm = bureau.enterprise
    firm.name = "长青涂装有限公司"
    firm.save()
    assert firm.name in found(people["monitor"], "cqtz")
    assert firm.name in found(people["monitor"], "青涂")


def test_what_was_mistyped_is_offered_as_it_sounds(bureau, people):
    firm = bureau.enterprise
    firm.name = "长青涂装有限公司"
    firm.save()
    assert found(people["monitor"], "长清涂装") == []
    assert finding.nearest(people["monitor"], "长清涂装") == firm.name


def test_an_undecided_case_is_not_offered_by_its_title(bureau, people):
    """“Did you mean” must not be the way to ask whether one's firm is under investigation, cause by cause."""
    title = "涉嫌未验先投案"
    values = {"title": title, "area_code": "990101001", "entity": bureau.enterprise}
    actions.open_matter(register_of("penalty_case"), values, by=None)
    index.catch_up()
    assert SearchEntry.objects.filter(name=title).exists()
    assert title in "".join(found(people["officer"], title))
    for who in ("enterprise", "town", "monitor", "third_party"):
        for typed in (title, "涉险味验先投案", "涉嫌未验先透案"):
            assert found(people[who], typed) == []
            assert finding.nearest(people[who], typed) == "", (who, typed)


def test_another_firms_things_are_not_found(bureau, people):
    index.catch_up()
    own = SearchEntry.objects.filter(enterprise_code=people["enterprise"].entity_code)
    names = set(own.values_list("name", flat=True))
    seen = set()
    for entry in SearchEntry.objects.exclude(kind="matter"):
        hits = finding.find(people["enterprise"], entry.name)
        things = [h.plain for g in hits for h in g.hits if "/stations/" in h.url or "/ent" in h.url]
        assert set(things) <= names, entry.name
        seen |= set(things)
    assert bureau.enterprise.name in seen


def test_pages_are_found_by_initials(people):
    assert "操作记录" in found(people["audit_admin"], "czjl")
    assert "操作记录" not in found(people["town"], "czjl")


def test_each_of_several_words_is_asked_for(bureau, people):
    Enterprise.objects.create(code="E-A1", name="青溪博安印染有限公司", area_code="990101001")
    Enterprise.objects.create(code="E-A2", name="青溪博安纺织有限公司", area_code="990101001")
    index.catch_up()
    assert found(people["monitor"], "博安 印染") == ["青溪博安印染有限公司"]
    assert found(people["monitor"], "印染 e-a1") == ["青溪博安印染有限公司"]


def test_one_character_within_a_name_is_enough(bureau, people):
    Enterprise.objects.create(code="E-𠮷", name="青溪县龘织厂", area_code="990101001")
    index.catch_up()
    assert "青溪县龘织厂" in found(people["monitor"], "龘")


def test_the_empty_box_offers_what_was_opened_last(bureau, signed_in):
    client = signed_in("monitor")
    asked = client.get("/search/opened", {"to": "/archive", "label": "对象档案"})
    assert asked["Location"] == "/archive"
    assert "对象档案" in client.get("/search/hits").content.decode()
    assert client.get("/search/opened", {"to": "https://evil.example/"})["Location"] == "/search"
    assert client.get("/search/opened", {"to": "//evil.example/"})["Location"] == "/search"


def test_signs_leave_out_only_what_cannot_hold_a_word(bureau, people):
    index.catch_up()
    entries = list(SearchEntry.objects.all())
    words = {line[n : n + size] for e in entries for line in e.words.split("\n") for size in (2, 3, 5) for n in range(len(line) - size + 1)}  # fmt: skip
    assert len(words) > 50
    for word in words:
        may = set(SearchEntry.objects.filter(signs.may_hold(word)).values_list("pk", flat=True))
        held = {e.pk for e in entries if word in e.words}
        assert held <= may
        assert set(index.holding(word).values_list("pk", flat=True)) == held
    # And they do leave out: most words are in few entries.
    asked = SearchEntry.objects.filter(signs.may_hold("没有这样的对象"))
    assert asked.count() < len(entries) / 2


def test_an_entry_without_signs_is_found_and_signed_in_time(bureau, people):
    index.catch_up()
    entry = SearchEntry.objects.filter(kind="entity").first()
    SearchEntry.objects.filter(pk=entry.pk).update(**dict.fromkeys(signs.FIELDS, signs.ANYTHING))
    word = entry.name[-2:]
    assert index.holding(word).filter(pk=entry.pk).exists()
    index.catch_up()
    again = SearchEntry.objects.get(kind=entry.kind, target=entry.target)
    assert [getattr(again, name) for name in signs.FIELDS] == signs.of(entry.words)


@pytest.mark.parametrize(("named", "looked_up"), [(0, 0), (0, 10_000)])
def test_a_word_in_many_entries_is_found_in_all_of_them(
    bureau, people, monkeypatch, named, looked_up
):
    index.catch_up()
    monkeypatch.setattr(index, "NAMED", named)
    monkeypatch.setattr(index, "LOOKED_UP", looked_up)
    word = SearchEntry.objects.filter(kind="entity").first().name[-2:]
    held = {e.pk for e in SearchEntry.objects.all() if word in e.words}
    assert set(index.holding(word).values_list("pk", flat=True)) == held


def listed(client, address: str, typed: str) -> str:
    """The rows of a list that holds ``typed``, not the box with the word in it."""
    page = client.get(address, {"q": typed, "state": "all", "enabled": ""}).content.decode()
    return page[page.index("<tbody") : page.index("</tbody>")] if "<tbody" in page else ""


def test_alarms_and_filings_are_found_by_number_and_by_where_they_are(county, people):
    alarm, filing = county.alarms[0], county.filing
    for typed in (str(alarm.pk), f"#{alarm.pk}", alarm.point.name):
        assert alarm.text in found(people["monitor"], typed), typed
        assert alarm.text not in found(people["audit_admin"], typed), typed
    title = f"{filing.entity} {filing.get_kind_display()}"
    for typed in (f"#{filing.pk}", filing.entity.name):
        assert title in found(people["monitor"], typed), typed
        assert title not in found(people["audit_admin"], typed), typed


def test_lists_find_what_the_box_finds(county, people, signed_in):
    """By initials and by a former name too: of a point, and of the thing that a row is about."""
    client, firm, point = signed_in("monitor"), county.bureau.enterprise, county.bureau.flue_gas
    Identifier.objects.create(entity=firm, scheme=FORMER_NAME, value="老石桥冶炼厂")
    index.catch_up()
    assert point.name in listed(client, "/stations", initials(point.name))
    assert county.bureau.air[0].name not in listed(client, "/stations", initials(point.name))
    for typed in (initials(firm.name), "老石桥", "lsqylc"):
        rows = listed(client, "/filings", typed)
        assert county.filing.reason in rows, typed
        assert county.filing.reason not in listed(client, "/filings", f"{typed}无"), typed
    alarm = county.alarms[0]
    assert alarm.text in listed(client, "/alarms", initials(alarm.point.name))


def test_alarms_are_sorted_by_what_their_levels_mean(county, people, signed_in):
    """Red before blue, not by the letters of the words; and the other way round."""
    client, alarm = signed_in("monitor"), county.alarms[0]
    Alarm.objects.exclude(pk=alarm.pk).delete()
    for n, level in enumerate(("yellow", "red", "blue", "orange")):
        rule = AlarmRule.objects.create(
            code=f"R-{n}", name=level, detector="exceedance", kind="air"
        )
        Alarm.objects.create(
            rule=rule, point=alarm.point, parameter="a34004", area_code=alarm.area_code, level=level,
            begin=alarm.begin, last=alarm.last, text=f"等级{level}",
        )  # fmt: skip
    alarm.delete()

    def order(sort: str) -> list[str]:
        page = client.get("/alarms", {"sort": sort}).content.decode()
        return re.findall(r"等级(\w+)</a>", page)

    assert order("-level") == ["red", "orange", "yellow", "blue"]
    assert order("level") == ["blue", "yellow", "orange", "red"]


def test_a_look_up_finds_by_what_the_search_finds_by(bureau, client):
    """Initials, former names and codes of things and points; of people and units, whom no entry holds, the initials."""
    firm, clerk = bureau.enterprise, bureau.people["officer2"]
    Identifier.objects.create(entity=firm, scheme=FORMER_NAME, value="老石桥印染厂")
    client.force_login(bureau.monitor)
    for key, typed, name in (
        ("entity", initials(firm.name), firm.name),
        ("entity", initials(firm.name)[1:], firm.name),
        ("entity", "lsqyrc", firm.name),
        ("filing_point", initials(bureau.air[0].name), bureau.air[0].name),
        ("person", initials(clerk.name), clerk.name),
        ("organisation", initials(clerk.organisation.name), clerk.organisation.name),
    ):
        assert name in client.get(f"/lookup/{key}", {"q": typed}).content.decode(), (key, typed)


def test_what_bears_a_name_comes_before_what_belongs_to_it(bureau, client):
    """By initials within it, in the look-up and in the box: a firm before its devices, whose codes and names come first."""
    firm = bureau.enterprise
    firm.name = "安澜县长青涂装有限公司"
    firm.save()
    Device.objects.create(
        parent=firm, kind=Device.KIND, code="A-0", name="分析仪", area_code=firm.area_code
    )
    names = found(bureau.monitor, "cqtz")
    assert names.index(firm.name) < names.index("分析仪")
    client.force_login(bureau.monitor)
    page = client.get("/lookup/entity", {"q": "cqtz"}).content.decode()
    assert 0 < page.index(firm.name) < page.index("分析仪")

"""Every text of the interface has English, and says the same placeholders."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from django.apps import apps
from django.utils.translation import override

from ecoledger.accounts.wording import numbered
from ecoledger.indicators.figures import Change, Records, quantity
from ecoledger.web.templatetags import figures, show

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import compile_messages

_PLACE = re.compile(r"%(?:\((\w+)\))?[.\d]*[sdf]")


def test_every_text_is_translated():
    left = [f"{where}: {text}" for (text, _context), where in compile_messages.missing().items()]
    assert left == []


def test_things_have_chinese_names_in_every_message():
    """Look-ups and the trail name a row by its table; a table without a name of its own would say "period review"."""
    named = {
        model._meta.label: str(model._meta.verbose_name)
        for model in apps.get_models()
        if model.__module__.startswith("ecoledger.")
    }
    assert [at for at, name in named.items() if not compile_messages.CHINESE.search(name)] == []


def test_translations_keep_the_placeholders():
    wrong = [
        text
        for (text, _context), english in compile_messages.translated().items()
        if sorted(m.group() for m in _PLACE.finditer(text))
        != sorted(m.group() for m in _PLACE.finditer(english))
    ]
    assert wrong == []


def test_one_is_said_as_one_in_english_and_several_as_several():
    """A number stands beside its noun in the form that goes with it; Chinese has one form for both."""
    said = {"剩 %d 天": "%d day left", "共 %d 行": "%d row", "%d 份": "%d file"}
    with override("en"):
        for text, one in said.items():
            assert numbered(text, 1) % 1 == one % 1
            assert numbered(text, 2) % 2 == (one % 2).replace("day", "days").replace(
                "row", "rows"
            ).replace("file", "files")
    assert numbered("剩 %d 天", 1) % 1 == "剩 1 天"


def test_both_forms_of_a_number_keep_the_placeholders():
    wrong = [
        entry.id[0]
        for entry in compile_messages._catalogue(compile_messages.ENGLISH)
        if isinstance(entry.id, tuple)
        for form in entry.string
        if sorted(m.group() for m in _PLACE.finditer(entry.id[0]))
        != sorted(m.group() for m in _PLACE.finditer(form))
    ]
    assert wrong == []


def test_texts_are_found_in_templates_and_code(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '{% load i18n %}{% translate "预警" %}'
        "{% blocktranslate with n=count %}共 {{ n }} 条，占 5%{% endblocktranslate %}",
        encoding="utf-8",
    )
    assert set(compile_messages.in_template(page)) == {("预警", ""), ("共 %(n)s 条，占 5%%", "")}
    code = tmp_path / "code.py"
    code.write_text(
        'x = _("登录")\ny = pgettext_lazy("水质类别", "劣Ⅴ")\nz = "不翻译"\n', encoding="utf-8"
    )
    assert set(compile_messages.in_python(code)) == {("登录", ""), ("劣Ⅴ", "水质类别")}


def test_what_is_marked_by_noop_and_what_indicators_are_called_is_looked_for(bureau):
    """So that it stands in English: words of tables under statistics, names of figures that registers count."""
    texts = {text for text, _context in compile_messages.messages()}
    assert {"各科室", "信访重复率", "在册数"} <= texts


def test_an_alarm_says_its_facts_in_the_readers_language(county, client):
    """The sentence it was raised with is Chinese; who reads English is told factor, value, limit and count."""
    alarm = next(one for one in county.alarms if one.rule.detector == "exceedance")
    client.force_login(county.person("leader"))
    client.cookies["django_language"] = "en"
    for address in ("/alarms", f"/alarms/{alarm.pk}"):
        page = client.get(address).content.decode()
        assert alarm.text not in page
        assert "in 30 days" in page
    client.cookies["django_language"] = "zh-hans"
    assert alarm.text in client.get("/alarms").content.decode()


def test_changes_and_names_of_factors_are_said_in_the_readers_language():
    now, before = (quantity("", value, 1, "µg/m³", Records("")) for value in (67.5, 73.6))
    moved = Change(now, before, 1, word="")
    with override("en"):
        assert show.named("氨氮(0.22)、总磷") == "Ammonia nitrogen(0.22), Total phosphorus"
        assert figures.change(moved) == "down 6.1 µg/m³ (8.3%)"
    assert show.named("氨氮(0.22)、总磷") == "氨氮(0.22)、总磷"
    assert figures.change(moved) == moved.bare == "下降6.1 µg/m³（8.3%）"

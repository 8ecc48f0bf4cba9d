"""Ways to the province's hall: none that the bureau has not set; the words of a firm and a matter go in escaped."""

from __future__ import annotations

import pytest
from tests.conftest import NORTH

from ecoledger.entities import editing
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_files
from ecoledger.listings.refusals import Refused
from ecoledger.registers.enforcement import service_hall

pytestmark = pytest.mark.django_db
RULES = own_files.declared()["service_hall"]


def with_address(address: str) -> str:
    head, firm = RULES.shipped.split("[firm]")
    return f"{head}[firm]" + firm.replace('address = ""', f'address = "{address}"')


@pytest.fixture
def firm(bureau, settings, tmp_path):
    settings.PROFILE = tmp_path
    row = Enterprise(name="北镇甲&乙染整厂", area_code=NORTH, uscc="91350582MA2XN3TR0K")
    editing.save(None, row, answers={"uscc": "yes"})
    return row


def test_no_address_is_no_link(firm):
    assert service_hall.link("visit", firm, "检查〔2026〕1号") is None
    assert service_hall.link("firm", firm) is None


def test_the_words_go_in_escaped(firm, people):
    own_files.write(
        RULES, with_address("https://hall.example/a?u={uscc}&n={name}&c={code}&no={number}"), by=people["dispatcher"],
    )  # fmt: skip
    link = service_hall.link("firm", firm, "自查〔2026〕1号")
    assert link["label"] == "省级政务服务大厅"
    assert f"u={firm.uscc}&n=%E5%8C%97%E9%95%87%E7%94%B2%26" in link["address"]
    assert f"&c={firm.code}&no=%E8%87%AA%E6%9F%A5%E3%80%942026" in link["address"]
    # Of a firm that nobody has named the words are empty; the way stays.
    assert service_hall.link("firm").get("address").endswith("u=&n=&c=&no=")
    assert service_hall.link("visit", firm) is None


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("javascript:alert(1)", "完整网址"),
        ("hall.example/x", "完整网址"),
        ("http://hall.example/x", "完整网址"),
        ("https://[hall/x", "完整网址"),
        ("https://hall.example:port/x", "完整网址"),
        ("https://hall.example/a b", "完整网址"),
        ("https://clerk@hall.example/x", "完整网址"),
        ("https://{uscc}.example/x", "完整网址"),
        ("https://hall.example/{phone}", "占位符不对：{phone}"),
        ("https://hall.example/{}", "占位符不对"),
        ("https://hall.example/{uscc", "占位符不对"),
        ("https://hall.example/{uscc:>9999}", "占位符不对"),
        ("https://hall.example/{uscc.__class__}", "占位符不对"),
    ],
)
def test_what_is_no_address_is_refused_and_never_shown(firm, people, address, why):
    with pytest.raises(Refused, match=why):
        own_files.write(RULES, with_address(address), by=people["dispatcher"])
    # Written past the page, it still leads nowhere.
    RULES.own.write_text(with_address(address), encoding="utf-8")
    assert service_hall.link("firm", firm) is None

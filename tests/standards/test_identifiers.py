import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import catalogue, identifiers
from ecoledger.standards.identifiers import (
    Severity,
    credit_check_character,
    organisation_check_character,
    parse_credit_code,
    parse_division,
    parse_eia_registration,
    parse_facility,
    parse_manifest,
    parse_mn,
    parse_permit_number,
    parse_waste_code,
)

CREDIT_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"

# Codes of large public bodies and listed companies, as printed on their own web sites.
REAL_CODES = [
    "914403001922038216",
    "9144030071526726XG",
    "91440300708461136T",
    "91110000802100433B",
    "91330100799655058B",
    "91350100M000100Y43",
    "91110108551385082Q",
]


def severities(parsed):
    return [problem.severity for problem in parsed.problems]


@pytest.mark.parametrize("code", REAL_CODES)
def test_real_credit_codes_have_no_problem(code):
    parsed = parse_credit_code(code)
    assert parsed.problems == ()
    assert parsed.kind == "统一社会信用代码"
    assert parsed.registrar == "工商（市场监管）"
    assert parsed.division == code[2:8]
    assert parsed.organisation_code == code[8:17]


def test_a_code_is_cleaned_before_it_is_read():
    assert parse_credit_code(" ９１４４０３００ 71526726xg ").code == "9144030071526726XG"
    assert parse_credit_code("9144030071526726xg").ok


def test_a_wrong_check_character_warns_and_says_the_right_one():
    parsed = parse_credit_code("914403001922038217")
    assert parsed.ok
    assert severities(parsed) == [Severity.WARNING]
    assert "“6”" in parsed.problems[0].text


def test_older_codes_in_its_place_are_kept_with_a_warning():
    organisation = parse_credit_code("71526726-X")
    assert (organisation.kind, organisation.ok) == ("组织机构代码", True)
    assert len(organisation.problems) == 1
    assert len(parse_credit_code("71526726-1").problems) == 2
    business = parse_credit_code("440301103097413")
    assert (business.kind, business.ok) == ("工商注册号", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("91440300192203821", "17位"),
        ("", "0位"),
        ("91440300192203821O", "第18位“O”"),
        ("9144A3001922038216", "6位行政区划"),
        ("9.14403E+17", "科学计数法"),
    ],
)
def test_what_cannot_be_a_credit_code_is_an_error_in_words(text, said):
    parsed = parse_credit_code(text)
    assert not parsed.ok
    assert any(said in problem.text for problem in parsed.problems)


def test_an_unknown_province_and_registrar_warn():
    assert severities(parse_credit_code("91990000802100433B"))[0] is Severity.WARNING
    assert any("登记管理部门" in p.text for p in parse_credit_code("B1110000802100433B").problems)


@given(st.text(CREDIT_CHARACTERS, min_size=17, max_size=17), st.integers(0, 16), st.data())
def test_one_wrong_character_is_always_noticed(first_17, place, data):
    check = credit_check_character(first_17)
    other = data.draw(st.sampled_from(CREDIT_CHARACTERS.replace(first_17[place], "")))
    changed = first_17[:place] + other + first_17[place + 1 :]
    assert credit_check_character(changed) != check


@given(st.text(max_size=30))
def test_no_text_makes_a_parser_raise(text):
    for parse in (
        parse_credit_code,
        parse_division,
        parse_permit_number,
        parse_facility,
        parse_manifest,
        parse_waste_code,
        parse_eia_registration,
        parse_mn,
    ):
        assert isinstance(parse(text).ok, bool)


def test_check_characters_need_the_right_length():
    assert organisation_check_character("71526726") == "X"
    with pytest.raises(ValueError, match="17"):
        credit_check_character("9")
    with pytest.raises(ValueError, match="8"):
        organisation_check_character("9")


def test_division_codes_have_levels():
    assert parse_division("350000").level == "省"
    assert parse_division("350500").level == "市"
    district = parse_division("350502")
    assert (district.level, district.province) == ("县", "福建省")
    assert (district.city_code, district.county_code) == ("350500", "350502")
    assert parse_division("350502001").level == "乡"
    assert parse_division("350502001000").level == "乡"
    assert parse_division("350502001003").level == "村"
    assert parse_division("469001").level == "县"  # 省直辖县级
    assert not parse_division("990000").ok
    assert not parse_division("350002").ok
    assert not parse_division("3505").ok
    assert len(identifiers.provinces()) == 34


def test_permit_numbers_name_their_holder():
    permit = parse_permit_number("91130200699229617X001P")
    assert (permit.credit_code, permit.sequence, permit.letter) == (
        "91130200699229617X",
        "001",
        "P",
    )
    assert permit.ok
    without = parse_permit_number("H93505020000000001001U")
    assert without.ok
    assert without.credit_code == ""
    assert not parse_permit_number("91130200699229617X001").ok
    assert not parse_permit_number("91130200699229617XABCP").ok
    assert "21位" in parse_permit_number("91130200699229617X00P").problems[0].text


def test_facilities_and_outlets():
    assert parse_facility("dw001").kind == "废水排放口"
    assert parse_facility("MF0012").kind == "生产设施"
    assert parse_facility("TA003").kind == "废气治理设施"
    whole = parse_facility("91130200699229617X001PDA002")
    assert (whole.kind, whole.number) == ("废气排放口", "DA002")
    assert whole.permit_number == "91130200699229617X001P"
    assert severities(parse_facility("YS001")) == [Severity.WARNING]
    assert not parse_facility("排口1").ok


def test_manifest_numbers():
    manifest = parse_manifest("20263505000123")
    assert (manifest.year, manifest.province) == (2026, "福建省")
    assert (manifest.city_code, manifest.sequence) == ("350500", "000123")
    assert manifest.problems == ()
    assert severities(parse_manifest("20213505000123")) == [Severity.WARNING]
    assert severities(parse_manifest("2021350500")) == [Severity.WARNING]
    assert not parse_manifest("20269905000123").ok
    assert not parse_manifest("19993505000123").ok
    assert not parse_manifest("2.02635E+13").ok
    assert severities(parse_manifest("2026350500012")) == [Severity.WARNING]
    assert not parse_manifest("20263505").ok


def test_waste_codes_agree_with_their_category():
    oil = parse_waste_code("HW08 900-249-08")
    assert (oil.code, oil.category, oil.industry) == ("900-249-08", "HW08", "900")
    assert parse_waste_code("90024908").code == "900-249-08"
    assert parse_waste_code("900—249—08").ok
    assert not parse_waste_code("HW09 900-249-08").ok
    assert not parse_waste_code("900-249-51").ok
    assert not parse_waste_code("900-249").ok
    assert severities(parse_waste_code("900-401-42")) == [Severity.WARNING]


def test_registration_forms_and_device_numbers():
    form = parse_eia_registration("202635050200000123")
    assert (form.year, form.division, form.sequence) == (2026, "350502", "00000123")
    assert form.problems == ()
    assert severities(parse_eia_registration("201035050200000123")) == [Severity.WARNING]
    assert not parse_eia_registration("2026").ok
    assert parse_mn("010000a8900016f000169dc0").edition == 2017
    assert severities(parse_mn("88888880000001")) == [Severity.WARNING]
    assert not parse_mn("010000A8900016F000169DCG").ok
    assert not parse_mn("0100").ok


def test_each_kind_of_code_names_its_standard():
    assert identifiers.standard("credit-code").standard == "GB 32100-2015"
    assert "identifier/waste-code" in catalogue.rule_sets()

"""Single frames: what is read, what is forgiven, what is refused, and the way back."""

import string
from datetime import datetime
from decimal import Decimal

import pytest
from hj212_frames import MN, made, segment
from hypothesis import assume, given
from hypothesis import strategies as st

from ecoledger.hj212 import Packet, Value, crc16_modbus, decode, encode, format_qn, framed

GOOD = "DataTime=20240601085800;a34004-Rtd=35.20,a34004-Flag=N"


def only(content: str) -> Value:
    packet = decode(made(content))
    assert packet.ok
    (value,) = packet.values
    return value


def test_a_value_keeps_its_digits() -> None:
    value = only("DataTime=20240601085800;a34004-Rtd=35.20,a34004-Flag=N")
    assert str(value.value) == "35.20"
    assert (value.name, value.unit, value.flag) == ("细微颗粒物PM2.5", "μg/m³", "N")


@pytest.mark.parametrize("text", ["", "--", "NA", "1.2.3", "1,2"[:1] + "x", "０", "1_000", "0x10", "∞", "NaN", "Infinity"])  # fmt: skip
def test_what_is_no_number_stays_text(text: str) -> None:
    frame = made(f"DataTime=20240601085800;a34004-Rtd={text},a34004-Flag=N;a34002-Rtd=0")
    packet = decode(frame)
    assert packet.ok
    assert (packet.values[0].value, packet.values[0].text) == (None, text)
    assert packet.values[1].value == 0  # zero is zero, and not missing
    assert "value" in packet.warnings
    assert "value" in decode(frame, strict=True).errors


@pytest.mark.parametrize("text", ["-99", "-99.0", "-99.000000", "-999", "-9999.00"])
def test_marks_of_missing_values(text: str) -> None:
    value = only(f"a34004-Rtd={text}")
    assert (value.value, value.text) == (None, text)


@pytest.mark.parametrize("text", ["-98.9", "-99.5", "-0.041", "99", "0", "00012.50"])
def test_numbers_near_the_marks_are_numbers(text: str) -> None:
    assert only(f"a01013-Rtd={text}").value == Decimal(text)


@pytest.mark.parametrize(("text", "value"), [("+1.5", "1.5"), (".5", "0.5"), ("1.", "1"), ("1.5E-3", "0.0015")])  # fmt: skip
def test_unusual_numbers_are_read_and_reported(text: str, value: str) -> None:
    packet = decode(made(f"a34004-Rtd={text}"))
    assert packet.values[0].value == Decimal(value)
    assert packet.warnings == ("unusual",)


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ("a34004-Rtd=3,8,a34004-Flag=N;a34002-Rtd=60", {"a34004": None, "a34002": 60}),
        ("a34004-Min=1,a34004-Cou=1,250,a34004-Flag=N", {"a34004": None}),
        ("a34004-Rtd=3,8,5", {"a34004": None}),
        ("a34004:33;a34002-Rtd=60", {"a34002": 60}),
        ("a34004-Rtd=33,a34004-Flag=N;a34004-Rtd=99,a34004-Flag=N", {"a34004": None}),
        ("a34004-Rtd=33,a34004-Rtd=99,a34004-Flag=D", {"a34004": None}),
        ("a34004-Rtd=33,a34004-Flag=N,a34004-Flag=D", {"a34004": None}),
        ("a34004-Rtd=33,a34004-Flag=N;a34004-Rtd=33,a34004-Flag=D", {"a34004": None}),
        ("a34004-Rtd=33,a34004-Flag=异常;a34002-Rtd=60", {"a34004": None, "a34002": 60}),
        ("a34004-Rtd=33;Flag=异常", {"a34004": None}),
    ],
)  # fmt: skip
def test_what_can_be_read_two_ways_or_in_part_is_no_value(
    content: str, values: dict[str, int | None]
) -> None:
    packet = decode(made(f"DataTime=20240601085800;{content}"))
    assert {value.code: value.value for value in packet.values} == values
    assert "value" in packet.warnings


@pytest.mark.parametrize(
    ("content", "flag"),
    [
        ("a34004-Rtd=33,a34004-Flag=正常", "N"),
        ("a34004-Rtd=33,a34004-Flag=停产", "F"),
        ("a34004-Rtd=33,a34004-Flag=", None),
        ("a34004=33,a34004-Flag=D", "D"),
        ("a34004-Rtd=33,a34004-Rtd=33.0,a34004-Flag=D", "D"),
        ("a34004-Rtd=33;Flag=故障", "D"),
    ],
)
def test_what_says_one_thing_in_another_way_is_read(content: str, flag: str | None) -> None:
    packet = decode(made(f"DataTime=20240601085800;{content}"))
    assert {(value.value, value.flag) for value in packet.values} == {(Decimal(33), flag)}
    assert "value" not in packet.warnings


def test_a_comma_within_a_text_belongs_to_it() -> None:
    packet = decode(made("DataTime=20240601085800;i11001-Info=清洗,换膜", cn="3020"))
    assert packet.values[0].value == "清洗,换膜"


def test_a_value_of_many_pieces_is_put_together_once() -> None:
    pieces = ",".join("1" * 20)
    packet = decode(made(f"DataTime=20240601085800;a34004-Rtd={pieces}"))
    assert [(value.value, value.text) for value in packet.values] == [(None, pieces)]
    assert sum("not a number" in note for note in packet.notes) == 1


def test_a_packet_of_two_times_has_none() -> None:
    once = "DataTime=20240601085800;"
    assert decode(made(f"{once}{once}a34004-Rtd=33")).data_time == datetime(2024, 6, 1, 8, 58)
    assert decode(made(f"{once}DataTime=20240601085900;a34004-Rtd=33")).data_time is None


def test_editions_follow_flag() -> None:
    for flag, edition, ack in (
        ("", 2005, False), ("Flag=0;", 2005, False), ("Flag=1;", 2005, True),
        ("Flag=4;", 2017, False), ("Flag=5;", 2017, True),
        ("Flag=8;", 2025, False), ("Flag=9;", 2025, True),
    ):  # fmt: skip
        packet = decode(made(GOOD, flag=flag))
        assert (packet.ok, packet.edition, packet.ack) == (True, edition, ack)


def test_an_unknown_edition_is_read_as_the_latest() -> None:
    packet = decode(made(GOOD, flag="Flag=13;"))
    assert (packet.ok, packet.edition, packet.warnings) == (True, 2025, ("flag",))
    assert decode(made(GOOD, flag="Flag=13;"), strict=True).errors == ("header",)


def test_numbered_packets() -> None:
    packet = decode(made(GOOD, flag="Flag=7;PNUM=2;PNO=1;"))
    assert (packet.packet_count, packet.packet_no, packet.warnings) == (2, 1, ())
    for wrong in (
        "Flag=5;PNUM=2;PNO=1;",
        "Flag=7;",
        "Flag=7;PNUM=2;PNO=3;",
        "Flag=7;PNUM=x;PNO=1;",
    ):
        packet = decode(made(GOOD, flag=wrong))
        assert (packet.ok, packet.warnings) == (True, ("packet_number",))


def test_resends_are_marked() -> None:
    assert decode(made(GOOD, flag="Flag=9;RF=1;")).resend
    packet = decode(made(GOOD, flag="Flag=9;RF=0;"))
    assert (packet.resend, packet.warnings) == (False, ("resend",))


def test_modbus_codes_are_forgiven_but_not_strictly() -> None:
    data = segment(GOOD)
    frame = b"##%04d%b%04X" % (len(data), data, crc16_modbus(data))
    assert decode(frame).warnings == ("crc_modbus",)
    assert decode(frame).ok
    assert decode(frame, strict=True).errors == ("crc_modbus",)


def test_lower_case_codes_are_forgiven_but_not_strictly() -> None:
    frame = next(
        lower
        for minute in range(60)
        if (lower := (f := made(f"DataTime=202406010858{minute:02}"))[:-4] + f[-4:].lower()) != f
    )
    assert decode(frame).warnings == ("crc_case",)
    assert decode(frame, strict=True).errors == ("crc_case",)


def test_a_wrong_code_is_never_forgiven() -> None:
    frame = made(GOOD)
    for code in (b"0000", b"FFFF", b"zzzz", b""):
        packet = decode(frame[:-4] + code)
        assert "crc" in packet.errors
        assert packet.values[0].value == Decimal("35.20")  # what could be read is there, marked


@pytest.mark.parametrize(
    ("content", "warning", "error"),
    [
        ("DataTime=20240601085800;a34004-Rtd=1;", "empty_item", "field"),
        ("DataTime=20240601085800; a34004-Rtd=1", "space", "field"),
        ("DataTime=20240601085800;a34004-Rtd=1 ,a34004-Flag=N", "space", "field"),
        ("DataTime=20240601085800;a34004-Rtd=1;a34004-Flag=N", "separator", "field"),
        ("DataTime=20240601085800;a34004-Rtd=1,a34002-Rtd=2", "separator", "field"),
        ("DataTime=20240601085800;a34004-rtd=1", "case", "field"),
        ("DataTime=20240601085800;a34004-Rtd=1,a34004-Rtd=2", "duplicate", "field"),
        ("DataTime=20240601085800;a34004-xyz=1", "field", "field"),
        ("DataTime=20240601085800;nothing", "field", "field"),
        ("DataTime=2024060108580012;a34004-Rtd=1", "time", "time"),
        ("DataTime=20240601085800123;a34004-Rtd=1", "time", "time"),
        ("DataTime=202406010858;a34004-Rtd=1", "time", "time"),
        ("DataTime=20240601085800;a34004-Rtd=1;Flag=N", "common_flag", "field"),
        ("DataTime=20240601085800;a34004-Rtd=1,a34004-Flag=NORMAL", "unusual", "value"),
        ("DataTime=20240601085800;a34004-Rtd=1,a34004-Flag=", "field", "field"),
        ("DataTime=20240601085800;a34004=1", "field", "field"),
    ],
)  # fmt: skip
def test_deviations_of_the_cp_area(content: str, warning: str, error: str) -> None:
    packet = decode(made(content))
    assert packet.ok
    assert warning in packet.warnings
    assert any(note.startswith(f"{warning}: ") for note in packet.notes)
    assert error in decode(made(content), strict=True).errors


def test_odd_times_keep_what_is_certain() -> None:
    for text in ("20240601085800", "20240601085800123", "2024060108580012", "202406010858"):
        assert decode(made(f"DataTime={text}")).data_time == datetime(2024, 6, 1, 8, 58)
    for text in ("20240631000000", "20240601", "", "20240601250000", "2024-06-01"):
        packet = decode(made(f"DataTime={text}"))
        assert (packet.data_time, packet.fields["DataTime"]) == (None, text)


def header(text: str) -> bytes:
    return framed(text.encode() + b"CP=&&" + GOOD.encode() + b"&&")[:-2]


@pytest.mark.parametrize(
    ("head", "warning"),
    [
        ("QN=20240601085857223;ST=22;CN=2051;PW=123456;MN=88888880000001;Flag=5;", "mn"),
        ("QN=20240601085857223;ST=22;CN=2051;PW=123456;MN=;Flag=5;", "mn"),
        (f"QN=20240601085857223;ST=22;CN=2051;PW=;MN={MN};Flag=5;", "pw"),
        (f"QN=2024060108585722;ST=22;CN=2051;PW=123456;MN={MN};Flag=5;", "qn"),
        (f"QN=20241301085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=5;", "qn"),
        (f"ST=22;CN=2051;PW=123456;MN={MN};Flag=5;", "qn"),
        (f"QN=20240601085857223;CN=2051;PW=123456;MN={MN};Flag=5;", "st"),
        (f"ST=22;QN=20240601085857223;CN=2051;PW=123456;MN={MN};Flag=5;", "header_order"),
        (f"QN=20240601085857223,ST=22;CN=2051;PW=123456;MN={MN};Flag=5;", "separator"),
        (f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=5", "separator"),
        (f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};flag=5;", "case"),
        (f"QN=20240601085857223; ST=22;CN=2051;PW=123456;MN={MN};Flag=5;", "space"),
        (f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=five;", "flag"),
        (f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=5;Foo=1;", "header"),
    ],
)
def test_deviations_of_the_header(head: str, warning: str) -> None:
    packet = decode(header(head))
    assert packet.ok
    assert warning in packet.warnings
    assert packet.values[0].value == Decimal("35.20")
    strict = decode(header(head), strict=True)
    assert set(strict.errors) & {"header", "field"}


def test_without_a_command_nothing_can_be_done() -> None:
    packet = decode(header(f"QN=20240601085857223;ST=22;PW=123456;MN={MN};Flag=5;"))
    assert packet.errors == ("header",)


def test_the_edition_of_2005_needs_neither_flag_nor_qn() -> None:
    frame = framed(
        b"ST=32;CN=2011;PW=123456;MN=88888880000001;"
        b"CP=&&DataTime=20050601085800;011-Rtd=12.5,011-Flag=N&&"
    )
    packet = decode(frame, strict=True)
    assert (packet.ok, packet.edition, packet.warnings) == (True, 2005, ())
    assert packet.values[0].name == "化学需氧量"


def test_strict_reading_knows_the_commands_of_the_edition() -> None:
    assert decode(made("", cn="9015", flag="Flag=9;", st="91"), strict=True).ok
    assert decode(made("", cn="9015", flag="Flag=5;", st="91"), strict=True).errors == ("header",)
    assert decode(made("", st="77"), strict=True).errors == ("header",)
    assert decode(made(""), strict=True).ok


def test_texts_of_both_encodings() -> None:
    for encoding, warnings in (("utf-8", ()), ("gbk", ("encoding",))):
        data = "i11001-Info=//清洗管路，加药；//".encode(encoding)
        packet = decode(framed(segment("").replace(b"&&&&", b"&&" + data + b"&&")))
        assert packet.ok
        assert packet.warnings == warnings
        assert packet.values[0].value == "//清洗管路，加药；//"


def test_a_log_may_hold_separators() -> None:
    packet = decode(made("PolId=w01018;i11001-Info=//a,b;c=d//;i12001-Info=1", cn="3020"))
    assert [value.value for value in packet.values] == ["//a,b;c=d//", "1"]
    assert packet.fields == {"PolId": "w01018"}
    assert packet.warnings == ()


def test_samples_of_one_factor_stay_apart() -> None:
    packet = decode(
        made(
            "DataTime=20240601090000;w01018-SampleTime=20240601080000,w01018-Rtd=1.0,w01018-Flag=N;"
            "w01018-SampleTime=20240601090000,w01018-Rtd=2.0,w01018-Flag=D"
        )
    )
    assert [(v.sample_time, str(v.value), v.flag) for v in packet.values] == [
        (datetime(2024, 6, 1, 8), "1.0", "N"),
        (datetime(2024, 6, 1, 9), "2.0", "D"),
    ]


def test_a_flag_without_a_value_is_kept() -> None:
    packet = decode(made("DataTime=20240601085800;a34004-Flag=D"))
    assert (packet.values, packet.fields) == ((), {"a34004-Flag": "D"})


def test_line_ends() -> None:
    frame = made(GOOD)
    for end in (b"", b"\r\n"):
        assert decode(frame + end, strict=True).ok
    for end in (b"\n", b"\r", b" \r\n"):
        assert decode(frame + end).warnings == ("tail",)
        assert decode(frame + end, strict=True).errors == ("tail",)


@pytest.mark.parametrize("frame", [b"", b"##", b"##0000", b"##0000FFFF", b"hello", b"\xff" * 50, b"&&", b"##0004&&&&FFFF", b"=" * 40, b"##9999" + b";," * 40])  # fmt: skip
def test_rubbish_is_refused_and_never_raises(frame: bytes) -> None:
    for strict in (False, True):
        packet = decode(frame, strict=strict)
        assert not packet.ok
        assert packet.raw == frame


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_decoded_without_raising(data: bytes, strict: bool) -> None:
    assert decode(data, strict=strict).raw == data
    frame = framed(b"QN=1;ST=22;CN=2011;CP=&&" + data + b"&&")
    packet = decode(frame, strict=strict)
    assert packet.raw == frame
    # Whatever the content, a frame made with the right check code is never blamed for it.
    assert "crc" not in packet.errors


NAMES = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(
    lambda time: time.replace(microsecond=0)
)
NUMBERS = st.decimals(-98, 10**9, allow_nan=False, allow_infinity=False, places=3) | st.integers(
    0, 10**12
).map(Decimal)
FLAGS = st.none() | st.sampled_from("NFMSDCTB") | st.just("St")


@st.composite
def values(draw: st.DrawFn) -> tuple[Value, ...]:
    result: list[Value] = []
    for code in draw(st.lists(NAMES, max_size=6, unique=True)):
        flag, eflag = draw(FLAGS), draw(st.none() | st.just("A01"))
        sample_time = draw(st.none() | TIMES)
        fields = draw(
            st.lists(
                st.sampled_from(["Rtd", "Min", "Avg", "Max", "Cou", "ZsRtd", "ZsAvg", "Data"]),
                min_size=1,
                unique=True,
            )
        )
        result += [Value(code, name, draw(NUMBERS), flag, eflag, sample_time) for name in fields]
        if draw(st.booleans()):
            text = draw(st.text(string.ascii_letters + "清洗管路,;=", max_size=12))
            result.append(Value(code, "Info", f"//{text}//", flag, eflag, sample_time))
    return tuple(result)


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    numbered = draw(st.booleans())
    flag = draw(st.sampled_from([None, 0, 1, 4, 5, 8, 9]))
    if numbered and flag is not None:
        flag |= 2
    numbered = numbered and flag is not None
    count = draw(st.integers(1, 9999))
    return Packet(
        st=draw(st.sampled_from(["21", "22", "31", "32", "91"])),
        cn=draw(st.sampled_from(["2011", "2051", "2061", "3020", "9011"])),
        mn=draw(st.text(string.hexdigits.upper(), max_size=24)),
        pw=draw(st.sampled_from(["123456", ""])),
        qn=draw(st.just("") | TIMES.map(format_qn)),
        flag=flag,
        packet_count=count if numbered else None,
        packet_no=draw(st.integers(1, count)) if numbered else None,
        resend=draw(st.booleans()),
        data_time=draw(st.none() | TIMES),
        values=draw(values()),
        fields=draw(
            st.dictionaries(
                st.sampled_from(["QnRtn", "ExeRtn", "PolId", "BeginTime", "SystemTime"]),
                st.text(string.ascii_letters + string.digits, max_size=14),
            )
        ),
    )


@given(packets())
def test_what_is_written_is_read_again(packet: Packet) -> None:
    assume(len(encode(packet)) < 9999)
    again = decode(encode(packet))
    assert again == packet
    assert encode(again) == encode(packet)


@pytest.mark.parametrize(
    "packet",
    [
        Packet("22", "2011", "A;B"),
        Packet("22", "2011", "A", values=(Value("a,b", "Rtd", Decimal(1)),)),
        Packet("22", "2011", "A", fields={"PolId": "x&&y"}),
        Packet("22", "2011", "A", fields={"PolId": "x\r\n##0000"}),
        Packet("22", "2011", "A", values=(Value("i11001", "Info", "//a,//b,c//"),)),
        Packet("22", "2011", "A", fields={"PolId": "x" * 10_000}),
    ],
)
def test_what_cannot_be_carried_is_not_written(packet: Packet) -> None:
    with pytest.raises(ValueError, match=r"cannot be sent|no four-digit length"):
        encode(packet)

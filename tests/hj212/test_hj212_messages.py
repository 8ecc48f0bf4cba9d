"""Every official example and every published frame: read as the standard says, or refused for its reason."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hj212_frames import frame_of

from ecoledger.hj212 import Packet, decode, encode, frames_of


def test_the_collection_is_whole(messages: list[dict[str, Any]]) -> None:
    assert len(messages) == 139


def test_check_codes_are_judged_as_published(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        packet = decode(frame_of(message))
        published = message.get("crc", "hj212")
        if published == "unparsable header":  # three digits of length; its check code is wrong too
            published = "wrong"
        assert packet.ok == (published != "wrong"), message
        assert ("crc" in packet.errors) == (published == "wrong"), message
        assert ("crc_modbus" in packet.warnings) == (published == "modbus"), message


def test_headers_are_read_as_published(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        packet = decode(frame_of(message))
        assert packet.cn == message["CN"]
        assert packet.st == (message["ST"] or "32")  # two examples print a comma before ST
        assert packet.flag == (None if message["Flag"] is None else int(message["Flag"]))


def test_stated_and_found_lengths_are_compared(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        if "declared_length" not in message:
            continue
        differs = message["declared_length"] != message["actual_length"]
        assert ("length" in decode(frame_of(message)).warnings) == differs


def test_a_stream_of_all_messages_gives_each(messages: list[dict[str, Any]]) -> None:
    frames = [frame_of(message) for message in messages]
    assert frames_of(b"\r\n".join(frames)) == frames
    assert frames_of(b"".join(frames)) == frames
    assert frames_of(b"\n".join(frames)) == frames


def test_strict_reading_accepts_the_official_examples_that_follow_the_text(
    messages: list[dict[str, Any]],
) -> None:
    refused = {}
    for message in messages:
        if message["kind"] == "official example":
            packet = decode(frame_of(message), strict=True)
            if not packet.ok:
                refused[message["message"]] = set(packet.errors)
    # What is refused are examples with an ellipsis, a comma for a semicolon, or a missing semicolon.
    for text, errors in refused.items():
        assert "…" in text
        assert errors <= {"field", "value"}
    assert len(refused) == 16


def test_reading_and_writing_again_says_the_same(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        packet = decode(frame_of(message))
        if packet.ok and "encoding" not in packet.warnings:
            again = decode(encode(packet))
            assert again == packet, message


def found(messages: list[dict[str, Any]], text: str) -> Packet:
    return decode(next(frame_of(m) for m in messages if text in m["message"]))


def test_wastewater_with_sample_times(messages: list[dict[str, Any]]) -> None:
    packet = found(messages, "w01018-Rtd=4653.8")
    cod = packet.values[0]
    assert (cod.code, cod.field, cod.value, cod.flag) == ("w01018", "Rtd", Decimal("4653.8"), "N")
    assert cod.sample_time == datetime(2024, 1, 23, 11, 3, 6)
    assert (cod.name, cod.unit) == ("化学需氧量", "mg/L")
    assert packet.values[-1].sample_time is None


def test_converted_values_of_a_chimney(messages: list[dict[str, Any]]) -> None:
    packet = found(messages, "a24088-ZsAvg")
    assert [value.field for value in packet.values[:7]] == [
        "Min", "Avg", "Max", "ZsMin", "ZsAvg", "ZsMax", "Cou",
    ]  # fmt: skip
    assert packet.values[6].unit == "kg"
    assert len(packet.values) == 7 * 3 + 3 * 5


def test_codes_of_2005_and_flags_apart_from_their_values(messages: list[dict[str, Any]]) -> None:
    packet = found(messages, "01-ZsRtd=0.00;S08")
    assert packet.edition == 2005
    smoke = [value for value in packet.values if value.code == "01"]
    assert [(value.field, value.flag) for value in smoke] == [("ZsRtd", "D"), ("Rtd", "D")]
    assert smoke[0].name == "烟尘"


def test_the_typing_slip_of_annex_c(messages: list[dict[str, Any]]) -> None:
    packet = found(messages, "01018-Rtd=2.2")
    cod = next(value for value in packet.values if value.code == "w01018")
    assert (cod.value, cod.flag, cod.eflag) == (Decimal("2.2"), "N", "A01")
    assert cod.sample_time == datetime(2016, 8, 1, 7)
    assert "code" in packet.warnings


def test_minus_99_is_missing_and_not_a_value(messages: list[dict[str, Any]]) -> None:
    packet = found(messages, "w01001-Rtd=-99.000000")
    first = packet.values[0]
    assert (first.value, first.text) == (None, "-99.000000")
    assert packet.values[5].value == Decimal("160.304")
    assert "missing" in packet.warnings


def test_a_wrong_field_name_keeps_its_value(messages: list[dict[str, Any]]) -> None:
    packet = found(messages, "##0453")
    noise = next(value for value in packet.values if value.code == "LA")
    assert (noise.field, noise.value, noise.flag) == ("td", Decimal("50.1"), "N")
    assert {"field", "crc_case", "empty_item"} <= set(packet.warnings)


def test_one_flag_for_all_factors(messages: list[dict[str, Any]]) -> None:
    packet = found(messages, "a34004-Rtd=10;Flag=N")
    assert {value.flag for value in packet.values} == {"N"}
    assert packet.data_time == datetime(2024, 11, 23, 20, 42, 30)
    assert {"common_flag", "time", "qn"} <= set(packet.warnings)


def test_replies_of_2005_name_their_exchange_in_the_cp_area(
    messages: list[dict[str, Any]],
) -> None:
    packet = found(messages, "CP=&&QN=20170516010101001&&")
    assert (packet.qn, packet.answers, packet.is_reply) == ("", "20170516010101001", True)


@pytest.mark.parametrize("text", ["//清洗管路//", "//时间校准//"])
def test_logs_are_texts(messages: list[dict[str, Any]], text: str) -> None:
    value = found(messages, text).values[0]
    assert (value.code, value.field, value.value) == ("i11001", "Info", text)


def test_noise_of_a_day(messages: list[dict[str, Any]]) -> None:
    packet = found(messages, "Ldn-Data=50.0")
    assert len(packet.values) == 24
    assert {value.field for value in packet.values} == {"Data", "DayData", "NightData"}


def test_raw_bytes_are_kept(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        frame = frame_of(message)
        assert decode(frame).raw == frame

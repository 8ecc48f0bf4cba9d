"""The check code of annex A against the standard's own figures and its own slow form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.hj212.crc import (
    TABLE,
    crc16,
    crc16_many,
    crc16_modbus,
    crc16_modbus_table,
    crc16_table,
)

MN = "010000A8900016F000169DC0"


def bit_by_bit(data: bytes) -> int:
    """Annex A of HJ 212-2017 written out."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ byte
        for _ in range(8):
            low = crc & 1
            crc >>= 1
            if low:
                crc ^= 0xA001
    return crc


@pytest.mark.parametrize(
    ("segment", "code"),
    [
        # The worked example of annex A (the sentence after it misprints 1C08).
        (
            f"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN={MN};Flag=5;CP=&&RtdInterval=30&&",
            0x1C80,
        ),
        (f"QN=20160801085857223;ST=91;CN=9014;PW=123456;MN={MN};Flag=4;CP=&&&&", 0x3240),
        (f"QN=20240601085857223;ST=91;CN=9014;PW=123456;MN={MN};Flag=8;CP=&&&&", 0x21C0),
        (f"QN=20240601085857223;ST=32;CN=1011;PW=123456;MN={MN};Flag=9;CP=&&&&", 0x2200),
        (
            f"QN=20160801085857223;ST=32;CN=2011;PW=123456;MN={MN};Flag=5;CP=&&"
            "DataTime=20160801085857;w01001-Rtd=7.1,w01001-Flag=N;w01018-Rtd=40.1,w01018-Flag=N&&",
            0x1400,
        ),
    ],
)
def test_published_codes(segment: str, code: int) -> None:
    data = segment.encode()
    assert crc16(data) == crc16_table(data) == bit_by_bit(data) == code


def test_modbus_code_of_the_worked_example_differs() -> None:
    data = f"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN={MN};Flag=5;CP=&&RtdInterval=30&&"
    assert crc16_modbus(data.encode()) == 0x0759


def test_modbus_code_of_its_check_string() -> None:
    assert crc16_modbus(b"123456789") == 0x4B37  # the published check value of CRC-16/MODBUS


@given(st.binary(max_size=2000))
def test_folding_equals_the_standards_steps(data: bytes) -> None:
    assert crc16(data) == bit_by_bit(data)
    assert crc16_modbus(data) == crc16_modbus_table(data)


def test_a_bytes_contribution_repeats_every_eight_bytes() -> None:
    carried = list(range(256))
    for step in range(1, 9):
        carried = [TABLE[byte] >> 8 for byte in carried]
        assert (carried == list(range(256))) == (step == 8)


@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=20), st.integers(7, 30))
def test_many_at_once_equal_one_by_one(segments: list[bytes], gap: int) -> None:
    joined = bytearray(b"\xaa" * gap)
    starts, ends = [], []
    for segment in segments:
        starts.append(len(joined))
        joined += segment
        ends.append(len(joined))
        joined += b"\x55" * gap
    codes = crc16_many(np.frombuffer(bytes(joined), np.uint8), np.array(starts), np.array(ends))
    assert codes.tolist() == [bit_by_bit(segment) for segment in segments]


def test_none_at_once() -> None:
    nothing = np.zeros(0, dtype=np.intp)
    assert crc16_many(np.zeros(0, np.uint8), nothing, nothing).tolist() == []

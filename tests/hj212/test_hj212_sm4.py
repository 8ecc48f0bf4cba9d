"""Encryption of the edition of 2025 against the official vectors."""

import json
from typing import Any

import pytest
from hj212_frames import DATA, made
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.hj212 import decode, encode, framed, frames_of, sm4

VECTORS: dict[str, Any] = json.loads((DATA / "hj212_sm4_vectors.json").read_text("utf-8"))
KEY = bytes.fromhex(VECTORS["key_hex"])
EXAMPLES = VECTORS["examples"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_official_vectors(example: dict[str, str]) -> None:
    content = example["plain_packet"].split("CP=&&")[1].split("&&")[0].encode()
    cipher = bytes.fromhex(example["cipher_hex"]) + example["plain_remainder"].encode()
    assert sm4.encrypt(content, KEY) == cipher
    assert sm4.decrypt(cipher, KEY) == content


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("form", ["raw", "text"])
def test_official_packets_in_both_written_forms(example: dict[str, str], form: sm4.Form) -> None:
    plain = example["plain_packet"].encode()
    packet = decode(plain)
    assert packet.ok
    sealed = encode(packet, key=KEY, form=form)
    assert (b"{0xE4,0x3E,0x15," in sealed) == (form == "text")
    assert sealed[2:6] == plain[2:6]  # length and check code are those of the plain packet
    assert sealed[-6:-2] == plain[-4:]
    (frame,) = frames_of(sealed)
    opened = decode(frame, key=KEY)
    assert opened == packet
    assert (opened.encrypted, opened.warnings) == (True, ())
    assert decode(frame, key={packet.mn: KEY}.get) == packet
    assert decode(frame, key=KEY, strict=True).ok


@pytest.mark.parametrize("form", ["raw", "text"])
def test_without_the_key_the_packet_is_refused_as_encrypted(form: sm4.Form) -> None:
    (frame,) = frames_of(encode(decode(EXAMPLES[0]["plain_packet"].encode()), key=KEY, form=form))
    for key in (None, b"1" * 16, lambda mn: None):
        packet = decode(frame, key=key)
        assert packet.errors == ("encrypted",)
        assert packet.mn == "010000A8900016F000169DC0"  # the header is plain
        assert packet.values == ()


def test_a_damaged_encrypted_packet_is_refused() -> None:
    frame = encode(decode(EXAMPLES[0]["plain_packet"].encode()), key=KEY)[:-2]
    for place in (150, 200, len(frame) - 10):
        damaged = frame[:place] + bytes([frame[place] ^ 1]) + frame[place + 1 :]
        assert not decode(damaged, key=KEY).ok


def test_a_plain_packet_is_read_whether_or_not_a_key_is_known() -> None:
    frame = made("DataTime=20240601085800;a34004-Rtd=1")
    assert decode(frame, key=KEY) == decode(frame)
    assert not decode(frame, key=KEY).encrypted


def test_short_cp_areas_stay_plain() -> None:
    frame = framed(b"QN=20240601085857223;ST=91;CN=9011;PW=123456;MN=A;Flag=8;CP=&&QnRtn=1&&")
    assert encode(decode(frame), key=KEY) == frame


def test_a_key_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        sm4.encrypt(b"x" * 16, b"short")


def test_authorization_header_of_annex_h() -> None:
    key = b"msbE74gsiSHSEh5e"
    header = "LG/m7lsFU/taig+vbQsDJXy4NGAaE2j2lplPwhZM7iM="
    assert sm4.authorization("testuser", "AezF0nZRs4kypuGO", key) == header
    assert sm4.credentials(header, key) == ("testuser", "AezF0nZRs4kypuGO")
    with pytest.raises(ValueError, match="not made with this key"):
        sm4.credentials(header, b"0" * 16)
    with pytest.raises(ValueError, match="not made with this key"):
        sm4.credentials("no base64!", key)


@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16))
def test_what_is_sealed_opens_again(content: bytes, key: bytes) -> None:
    for form in ("raw", "text"):
        sealed = sm4.seal_content(content, key, "raw" if form == "raw" else "text")
        if form == "text" or not sealed.startswith(b"{"):
            assert sm4.open_content(sealed, key) == content or not content[:16]

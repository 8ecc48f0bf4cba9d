"""Frames in a stream: cut, joined, broken; a bad one never costs its neighbour."""

import itertools
import random

import pytest
from hj212_frames import made, segment
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.hj212 import FrameReader, crc16, decode, framed, frames, frames_of
from ecoledger.hj212.encoding import framed_many

ONE = made("DataTime=20240601085800;a34004-Rtd=35.2,a34004-Flag=N")
TWO = made("DataTime=20240601085900;a34004-Rtd=36.0,a34004-Flag=N")
THREE = made("", cn="9015", flag="Flag=9;", st="91")


def in_pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    reader = FrameReader()
    found: list[bytes] = []
    edges = [0, *sorted(cuts), len(stream)]
    for begin, end in itertools.pairwise(edges):
        found += reader.feed(stream[begin:end])
    return found + reader.flush()


STREAMS = {
    "as the standard says": (ONE + b"\r\n" + TWO + b"\r\n" + THREE + b"\r\n", [ONE, TWO, THREE]),
    "no line ends": (ONE + TWO + THREE, [ONE, TWO, THREE]),
    "LF only": (ONE + b"\n" + TWO + b"\n", [ONE, TWO]),
    "CR only": (ONE + b"\r" + TWO, [ONE, TWO]),
    "garbage before": (b"\x00\xffGET / HTTP/1.1\r\n\r\n" + ONE + TWO, [ONE, TWO]),
    "garbage between": (ONE + b"#\x01\x02noise#" + TWO, [ONE, TWO]),
    "a third #": (b"#" + ONE + TWO, [ONE, TWO]),
    "line ends before": (b"\r\n\r\n" + ONE, [ONE]),
    "encrypted bytes": (
        (f := framed(segment("x" * 96))[:-2]).replace(b"x" * 96, bytes(range(96)) ) + ONE,
        [f.replace(b"x" * 96, bytes(range(96))), ONE],
    ),
    "no CP area": (
        framed(b"QN=20240601085857223;ST=91;CN=9011;QnRtn=1") + ONE,
        [framed(b"QN=20240601085857223;ST=91;CN=9011;QnRtn=1")[:-2], ONE],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_every_cut_gives_the_same_frames(name: str) -> None:
    stream, frames = STREAMS[name]
    assert frames_of(stream) == frames
    for cut in range(len(stream)):
        assert in_pieces(stream, [cut]) == frames, cut
    assert in_pieces(stream, list(range(len(stream)))) == frames


def stated(length: bytes) -> bytes:
    return b"##" + length + ONE[6:]


BROKEN = {
    "length too long": stated(b"0999"),
    "length far too long": stated(b"9999"),
    "length too short": stated(b"0050"),
    "length zero": stated(b"0000"),
    "length no number": stated(b"01A3"),
    "length of three digits": stated(b"139"),
    "length of five digits": stated(b"00139"),
    "check code wrong": ONE[:-4] + b"0000",
    "check code no number": ONE[:-4] + b"ZZZZ",
    "check code cut": ONE[:-3],
    "check code missing": ONE[:-4],
    "cut in the middle": ONE[:70],
    "cut after the length": ONE[:6],
    "no closing": ONE.replace(b"&&", b"", 2),
    "length of two frames": b"##%04d" % (len(ONE) - 10 + len(TWO)) + ONE[6:],
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("end", [b"\r\n", b""])
def test_a_broken_frame_does_not_cost_its_neighbours(name: str, end: bytes) -> None:
    stream = TWO + end + BROKEN[name] + end + TWO + end + THREE + end
    for found in (frames_of(stream), in_pieces(stream, list(range(len(stream))))):
        assert found[0] == TWO
        assert found[-2:] == [TWO, THREE]


@pytest.mark.parametrize(
    "name", ["length too long", "length too short", "length no number", "length of three digits"]
)
def test_a_wrong_length_is_forgiven_when_the_check_code_is_right(name: str) -> None:
    (frame,) = frames_of(BROKEN[name] + b"\r\n")
    packet = decode(frame)
    assert packet.ok
    assert "length" in packet.warnings
    assert str(packet.values[0].value) == "35.2"
    assert "length" in decode(frame, strict=True).errors


def test_a_frame_with_too_long_a_length_does_not_wait_for_more() -> None:
    assert FrameReader().feed(BROKEN["length far too long"]) == [BROKEN["length far too long"]]


def test_text_of_both_encodings_counts_in_bytes() -> None:
    for encoding in ("utf-8", "gbk"):
        content = "DataTime=20240601085800;i11001-Info=//清洗管路//".encode(encoding)
        frame = framed(segment("").replace(b"&&&&", b"&&" + content + b"&&"))
        assert frames_of(frame + ONE) == [frame[:-2], ONE]


def test_an_endless_frame_is_given_up_and_the_memory_stays_bounded() -> None:
    reader = FrameReader(limit=2000)
    found: list[bytes] = []
    for _ in range(100):
        found += reader.feed(b"##0100QN=" + b"x" * 500)
        assert reader.waiting <= 2000 + 600
    for _ in range(200):
        found += reader.feed(b"y" * 500)
        assert reader.waiting <= 2000 + 600
    found += reader.feed(b"\r\n" + ONE)
    assert found[-1] == ONE


def test_no_frame_is_longer_than_the_limit_and_nothing_is_lost_behind_it() -> None:
    """Noise that happens to begin with ## was handed out whole, and looking into 60 KB took longer than 100 packets."""
    noise = b"##x=" + bytes(n % 251 for n in range(60_000)).replace(b"#", b"_").replace(b"&", b"_")
    reader = FrameReader(limit=2000)
    found = reader.feed(noise)
    found += reader.feed(b"\r\n" + ONE)
    assert max(map(len, found)) <= 2000
    assert found[-1] == ONE
    assert sum(map(len, found)) + reader.garbage_bytes >= len(noise) - 8


def test_garbage_is_not_kept() -> None:
    reader = FrameReader()
    for _ in range(100):
        assert reader.feed(b"\x16\x03\x01 hello " * 100) == []
        assert reader.waiting <= 1
    assert reader.garbage_bytes > 90_000


def test_garbage_can_be_handed_out_line_by_line() -> None:
    lines = frames_of(b"first\r\nsecond\n" + ONE + b"\r\nthird", keep_garbage=True)
    assert lines == [b"first", b"second", ONE, b"third"]


@given(
    st.lists(
        st.one_of(
            st.sampled_from([ONE, TWO, THREE]),
            st.binary(max_size=40).filter(lambda data: b"#" not in data),
            st.sampled_from([b"\r\n", b"\n", b" "]),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_good_frames_survive_any_cut_and_any_garbage_without_marks(
    parts: list[bytes], chance: random.Random
) -> None:
    stream = b"".join(parts)
    frames = [part for part in parts if part in (ONE, TWO, THREE)]
    cuts = [chance.randrange(len(stream) + 1) for _ in range(chance.randrange(8))]
    assert in_pieces(stream, cuts) == frames


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_are_read_without_complaint(data: bytes, cuts: list[int]) -> None:
    stream = ONE + data + b"\r\n" + TWO
    found = in_pieces(stream, [min(cut, len(stream)) for cut in cuts])
    assert found[0] == ONE
    assert found[-1].endswith(TWO)


class Counted:
    """A pattern that counts how many bytes it looks at."""

    def __init__(self, pattern):
        self.pattern, self.looked_at = pattern, 0

    def search(self, buffer: bytes, position: int):
        match = self.pattern.search(buffer, position)
        self.looked_at += (match.end() if match else len(buffer)) - position
        return match

    def __getattr__(self, name):
        return getattr(self.pattern, name)


@pytest.mark.parametrize(
    "said", [b"##QN=1", b"##x&&ABCD", b"##0099QN=1;", b"##CN=CP=&&ABCD", b"##"]
)
def test_a_buffer_is_gone_through_once_however_many_frames_begin_in_it(monkeypatch, said) -> None:
    patterns = [Counted(frames._START), Counted(frames._TERMINATOR)]
    monkeypatch.setattr(frames, "_START", patterns[0])
    monkeypatch.setattr(frames, "_TERMINATOR", patterns[1])
    stream = said * 1500
    FrameReader().feed(stream)
    assert max(pattern.looked_at for pattern in patterns) <= 4 * len(stream)


def test_an_example_of_the_standard_through_the_reader() -> None:
    frame = (
        b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
        b"CP=&&RtdInterval=30&&1C80\r\n"
    )
    assert frames_of(frame) == [frame[:-2]]
    assert crc16(frame[6:-6]) == 0x1C80


@given(st.lists(st.binary(min_size=1, max_size=120), max_size=12))
def test_framing_many_equals_framing_each(segments: list[bytes]) -> None:
    assert framed_many(segments) == [framed(segment) for segment in segments]


def test_framing_many_refuses_what_framing_one_refuses() -> None:
    with pytest.raises(ValueError, match="split"):
        framed_many([b"x", b"x" * 10_000])

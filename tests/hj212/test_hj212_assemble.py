"""Splitting large packets and putting the parts together."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from hj212_frames import MN, made

from ecoledger.hj212 import Assembler, Packet, QnSource, Value, decode, encode, split

TIME = datetime(2024, 6, 1, 8)
FIELDS = ("Cou", "Min", "Avg", "Max", "ZsMin", "ZsAvg", "ZsMax")


def smoke() -> Packet:
    """An hour of ten factors: 1 557 bytes in one segment, more than the standard allows."""
    values = tuple(
        Value(f"a21{factor:03}", name, Decimal("123.456"), "N")
        for factor in range(10)
        for name in FIELDS
    )
    return Packet("31", "2061", MN, qn="20240601090000001", flag=5, data_time=TIME, values=values)


def parts() -> list[Packet]:
    source = QnSource()
    return split(smoke(), lambda: source(datetime(2024, 6, 1, 9)))


def test_parts_fit_and_hold_whole_factors() -> None:
    found = parts()
    assert len(found) == 2
    for number, part in enumerate(found, 1):
        assert (part.flag, part.packet_count, part.packet_no) == (7, 2, number)
        again = decode(encode(part), strict=True)
        assert again.ok
        assert again.warnings == ()
        for code in {value.code for value in part.values}:
            assert [v.field for v in part.values if v.code == code] == list(FIELDS)
    assert len({part.qn for part in found}) == 2


def test_what_fits_is_not_split() -> None:
    small = replace(smoke(), values=smoke().values[:7])
    assert split(small, lambda: "never") == [small]


def test_parts_make_the_whole_in_any_order() -> None:
    first, second = parts()
    for order in ([first, second], [second, first], [second, second, first]):
        assembler = Assembler()
        *waiting, whole = [assembler.add(part, 0.0) for part in order]
        assert waiting == [None] * (len(order) - 1)
        assert whole is not None
        assert replace(whole, qn=smoke().qn) == smoke()
        assert len(assembler) == 0


def test_the_examples_of_the_standard() -> None:
    first = decode(made("DataTime=20160801080000;w00000-Avg=17.5;w01001-Avg=7.5", cn="2061",
                        flag="Flag=7;PNUM=2;PNO=1;"))  # fmt: skip
    second = decode(made("DataTime=20160801080000;w01018-Avg=40.1", cn="2061",
                         flag="Flag=7;PNUM=2;PNO=2;"))  # fmt: skip
    assembler = Assembler()
    assert assembler.add(first, 0.0) is None
    whole = assembler.add(second, 1.0)
    assert whole is not None
    assert [value.code for value in whole.values] == ["w00000", "w01001", "w01018"]
    assert whole.packet_count is None
    assert whole.flag == 5


def test_parts_of_other_devices_and_times_stay_apart() -> None:
    first, second = parts()
    assembler = Assembler()
    assert assembler.add(first, 0.0) is None
    assert assembler.add(replace(second, mn="B" * 24), 0.0) is None
    assert assembler.add(replace(second, data_time=datetime(2024, 6, 1, 9)), 0.0) is None
    assert len(assembler) == 3


def test_a_missing_part_is_given_up_after_the_timeout() -> None:
    first, _ = parts()
    assembler = Assembler(timeout=60)
    assembler.add(first, 100.0)
    assert assembler.expire(159.0) == []
    (given_up,) = assembler.expire(160.0)
    assert given_up.warnings == ("incomplete",)
    assert given_up.values == first.values
    assert len(assembler) == 0


def test_memory_is_bounded() -> None:
    first, _ = parts()
    assembler = Assembler(limit=10)
    for number in range(50):
        assembler.add(replace(first, mn=f"{number:024}"), 0.0)
        assembler.expire(0.0)
    assert len(assembler) == 10


def test_unnumbered_packets_pass() -> None:
    packet = smoke()
    assert Assembler().add(packet, 0.0) is packet

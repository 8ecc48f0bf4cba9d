"""Exchanges without a socket or a clock: what is answered, resent, given up."""

from datetime import datetime
from decimal import Decimal

import pytest
from hj212_frames import MN

from ecoledger.hj212 import Device, Packet, QnSource, Timing, Value, decode, encode, history, reply
from ecoledger.hj212.dialogue import Exchange, request

QN = "20240601085857223"


def asked(cn: str, **fields: str) -> Packet:
    return request(cn, MN, st="32", qn=QN, fields=fields)


def carried_out(exchange: Exchange, packets: list[Packet], now: float = 1.0) -> None:
    for packet in packets:
        exchange.receive(decode(encode(packet)), now)


def test_replies_follow_the_standards_examples() -> None:
    upload = decode(
        b"##0136QN=20160801085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"
        b"CP=&&DataTime=20160801085857;w01001-Rtd=7.1&&0000"
    )
    assert encode(reply(upload, "9014")) == (
        b"##0087QN=20160801085857223;ST=91;CN=9014;PW=123456;MN=010000A8900016F000169DC0;Flag=4;"
        b"CP=&&&&3240\r\n"
    )
    heartbeat = Packet("91", "9015", MN, qn="20240601085857223", flag=9)
    assert encode(reply(heartbeat, "9014")) == (
        b"##0087QN=20240601085857223;ST=91;CN=9014;PW=123456;MN=010000A8900016F000169DC0;Flag=8;"
        b"CP=&&&&21C0\r\n"
    )


def test_replies_of_2005_repeat_the_qn_in_the_cp_area() -> None:
    old = Packet("32", "2011", "88888880000001", qn=QN, flag=1)
    answer = reply(old, "9014")
    assert (answer.qn, answer.flag, answer.fields) == ("", 0, {"QN": QN})
    assert answer.answers == QN


def test_a_request_with_data_is_answered_in_three_steps() -> None:
    exchange = Exchange(asked("1011", PolId="w01018"), Timing(), now=0.0)
    packets = Device(MN).respond(exchange.request)
    assert [packet.cn for packet in packets] == ["9011", "1011", "9012"]
    assert {packet.qn for packet in packets} == {QN}
    assert [packet.st for packet in packets] == ["91", "32", "91"]
    carried_out(exchange, packets)
    answer = exchange.answer
    assert answer is not None
    assert (answer.ok, answer.accepted, answer.executed, answer.sent) == (True, 1, 1, 1)
    assert answer.packets[0].fields["PolId"] == "w01018"
    assert answer.explanation == "执行成功"


def test_stored_data_come_under_their_own_qns() -> None:
    def stored(cn: str, begin: datetime, end: datetime) -> list[tuple[datetime, list[Value]]]:
        assert cn == "2061"
        return [(begin, [Value("w01018", "Avg", Decimal("1.0"))]), (end, [Value("w01018", "Avg", Decimal("2.0"))])]  # fmt: skip

    begin, end = datetime(2024, 6, 1, 8), datetime(2024, 6, 1, 9)
    exchange = Exchange(asked("2061", **history(begin, end)), Timing(), now=0.0)
    packets = Device(MN, stored=stored).respond(exchange.request)
    elsewhen = Device(MN).packet("2061", time=datetime(2023, 1, 1))
    carried_out(exchange, [*packets[:2], elsewhen, *packets[2:]])
    assert exchange.answer is not None
    assert [packet.data_time for packet in exchange.answer.packets] == [begin, end]
    assert len({packet.qn for packet in exchange.answer.packets} | {QN}) == 3


def test_no_stored_data() -> None:
    begin = datetime(2024, 6, 1)
    exchange = Exchange(asked("2051", **history(begin, begin)), Timing(), now=0.0)
    carried_out(exchange, Device(MN).respond(exchange.request))
    assert exchange.answer is not None
    assert (exchange.answer.ok, exchange.answer.explanation) == (False, "没有数据")


def test_silence_is_met_with_resends_and_then_given_up() -> None:
    exchange = Exchange(asked("1011"), Timing(timeout=10, resends=3), now=0.0)
    sent_again = [now for now in range(100) if exchange.tick(float(now))]
    assert sent_again == [10, 20, 30]
    assert exchange.answer is not None
    assert (exchange.answer.sent, exchange.answer.explanation) == (4, "通讯不可用")


def test_a_device_that_never_finishes_is_given_up_without_resending() -> None:
    exchange = Exchange(asked("3012"), Timing(timeout=10, execution=50), now=0.0)
    exchange.receive(reply(exchange.request, "9011", {"QnRtn": "1"}), 5.0)
    assert [now for now in range(100) if exchange.tick(float(now))] == []
    assert exchange.answer is not None
    assert exchange.answer.explanation == "执行超时"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [({"pw": "999999"}, 3, "PW错误"), ({"cn": "9999"}, 8, "CN错误"), ({"cn": "9012"}, 8, "CN错误")],
)
def test_refusals(change: dict[str, str], code: int, words: str) -> None:
    exchange = Exchange(
        request(change.get("cn", "1011"), MN, st="32", qn=QN, pw=change.get("pw", "123456")),
        Timing(),
        now=0.0,
    )
    carried_out(exchange, Device(MN).respond(exchange.request))
    assert exchange.answer is not None
    assert (exchange.answer.accepted, exchange.answer.explanation) == (code, words)


def test_a_notification_ends_with_9013() -> None:
    device = Device(MN)
    exchange = Exchange(asked("2012"), Timing(), now=0.0)
    carried_out(exchange, device.respond(exchange.request))
    assert exchange.answer is not None
    assert exchange.answer.ok
    assert not device.watching


def test_answers_to_others_are_not_taken() -> None:
    exchange = Exchange(asked("1011"), Timing(), now=0.0)
    other = request("1011", MN, st="32", qn="20240601085857224")
    assert not exchange.receive(reply(other, "9011", {"QnRtn": "2"}), 1.0)
    stranger = request("1011", "F" * 24, st="32", qn=QN)
    assert not exchange.receive(reply(stranger, "9011", {"QnRtn": "2"}), 1.0)
    assert exchange.answer is None


COMMANDS = [
    ("1000", {"OverTime": "5", "ReCount": "2"}, "timeout", 5),
    ("1062", {"RtdInterval": "60"}, "real_time_interval", 60),
    ("1064", {"MinInterval": "5"}, "minute_interval", 5),
    ("1072", {"NewPW": "654321"}, "pw", "654321"),
]


@pytest.mark.parametrize(("cn", "fields", "name", "value"), COMMANDS)
def test_settings(cn: str, fields: dict[str, str], name: str, value: object) -> None:
    device = Device(MN)
    assert device.respond(asked(cn, **fields))[-1].fields == {"ExeRtn": "1"}
    assert getattr(device, name) == value


@pytest.mark.parametrize(
    ("cn", "fields"),
    [("1062", {"RtdInterval": "5"}), ("1064", {"MinInterval": "7"}), ("1000", {"OverTime": "100"}),
     ("1062", {}), ("1072", {"NewPW": "1"}), ("1012", {"SystemTime": "soon"}),
     ("2061", {"BeginTime": "20240601000000"}), ("3019", {})],
)  # fmt: skip
def test_settings_out_of_range_are_not_carried_out(cn: str, fields: dict[str, str]) -> None:
    assert Device(MN).respond(asked(cn, **fields))[-1].fields == {"ExeRtn": "3"}


def test_the_clock_can_be_set_and_read() -> None:
    device = Device(MN)
    device.respond(asked("1012", SystemTime="20300101000000"))
    assert device.respond(asked("1011"))[1].fields["SystemTime"].startswith("203001010000")


@pytest.mark.parametrize(
    ("cn", "fields", "answer"),
    [
        ("1061", {}, "RtdInterval=30"),
        ("1063", {}, "MinInterval=10"),
        ("3015", {}, "VaseNo=1"),
        ("3017", {"PolId": "w01018"}, "PolId=w01018;CstartTime=000000;Ctime=2"),
        ("3018", {"PolId": "w01018"}, "PolId=w01018;Stime=40"),
        ("3019", {"PolId": "w01018"}, "PolId=w01018;w01018-SN=010000A8900016F000169DC1"),
    ],
)
def test_answers_with_data(cn: str, fields: dict[str, str], answer: str) -> None:
    packets = Device(MN).respond(asked(cn, **fields))
    assert [packet.cn for packet in packets] == ["9011", cn, "9012"]
    assert answer.encode() in encode(packets[1])


def test_parameters_set_are_parameters_read() -> None:
    device = Device(MN)
    setting = Packet("32", "3021", MN, qn=QN, flag=5, fields={"PolId": "w01018", "InfoId": "i13004"},
                     values=(Value("i13004", "Info", "168.0"),))  # fmt: skip
    assert device.respond(setting)[-1].fields == {"ExeRtn": "1"}
    packets = device.respond(asked("3020", PolId="w01018", InfoId="i13004"))
    assert packets[1].values[0].value == "168.0"
    assert device.respond(asked("3020", InfoId="i13099"))[-1].fields == {"ExeRtn": "100"}


@pytest.mark.parametrize("cn", ["3011", "3012", "3013", "3014", "3022", "3024"])
def test_control_commands_are_carried_out(cn: str) -> None:
    device = Device(MN, edition=2025)
    assert device.respond(asked(cn, PolId="w01018"))[-1].fields == {"ExeRtn": "1"}
    assert device.done == [cn]


def test_qns_rise_by_at_least_a_millisecond_and_stay_times() -> None:
    source = QnSource()
    last = datetime(2024, 12, 31, 23, 59, 59, 998_900)
    qns = [source(last) for _ in range(4)]
    assert qns == [
        "20241231235959998", "20241231235959999", "20250101000000000", "20250101000000001",
    ]  # fmt: skip


def test_history_needs_a_beginning_before_its_end() -> None:
    with pytest.raises(ValueError, match="before the beginning"):
        history(datetime(2024, 6, 2), datetime(2024, 6, 1))

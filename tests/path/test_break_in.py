"""What strangers, neighbours and hostile devices try from outside, against the real server."""

from __future__ import annotations

import asyncio
import http.client
import os
import random
import re
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from tests.path.county import COUNTY, MN, PASSWORD, PEOPLE
from tests.path.house import PATIENCE, PNG, Visitor, apart, hours_ago, so2, until

from ecoledger.hj212 import Device, Value, encode
from ecoledger.hj212.client import Client
from ecoledger.hj212.dialogue import Timing
from ecoledger.live import times

OUTLET = "闭环锅炉烟囱"
SCRIPT = "<script>alert('闯入')</script>"


@dataclass(frozen=True)
class Loot:
    """Addresses of what belongs to the north and to the first factory."""

    case: int
    point: int
    alarm: int
    evidence: int
    frame: int
    bulletin: int
    problem: int

    @property
    def pages(self) -> dict[str, str]:
        begin, end = f"{hours_ago(48):%Y-%m-%dT%H:%M:%S}", f"{hours_ago(-2):%Y-%m-%dT%H:%M:%S}"
        return {
            "case": f"/matters/alarm_case/{self.case}",
            "timeline": f"/matters/alarm_case/{self.case}/timeline",
            "case by interface": f"/api/v1/matters/alarm_case/{self.case}",
            "problem": f"/matters/problem/{self.problem}",
            "evidence": f"/evidence/{self.evidence}",
            "alarm": f"/alarms/{self.alarm}",
            "alarm's data": f"/alarms/{self.alarm}/series.json",
            "station": f"/stations/{self.point}",
            "station's data": f"/stations/{self.point}/series.json",
            "observations": f"/api/v1/points/{self.point}/observations?begin={begin}&end={end}",
            "latest": f"/api/v1/points/{self.point}/latest",
            "frame": f"/frames/{self.frame}",
            "bulletin": f"/documents/{self.bulletin}",
            "bulletin's file": f"/documents/{self.bulletin}.docx",
            "bulletin's table": f"/documents/{self.bulletin}.xlsx",
            "audit": "/audit",
            "people": "/people",
        }


@pytest.fixture(scope="module")
def loot(house, visitor) -> Loot:
    house.emit(OUTLET, 130, hours_ago(2))
    air = Device(f"{1:024d}", st="22").packet(
        "2061", time=hours_ago(30), values=[Value("a34004", "Avg", Decimal(60), flag="N")]
    )
    assert house.send(air) == ["9014"]
    desk = visitor("dispatcher")
    case = desk.case(OUTLET)["id"]
    attached = desk.submit(
        f"/matters/alarm_case/{case}/evidence", {}, files={"files": ("现场.png", PNG)}
    )
    assert attached.status_code == 302
    page = desk.get(f"/matters/alarm_case/{case}").text
    house.settled()
    day = f"{times.now() - timedelta(days=1):%Y-%m-%d}"
    drafted = visitor("monitor").submit(f"/bulletins/daily/{day}/issue", {"area": COUNTY})
    draft = drafted.headers["Location"]
    visitor("monitor").submit(f"{draft}/submit", {})
    issued = desk.submit(f"{draft}/issue", {})
    new = desk.submit(
        "/matters/problem/new",
        {
            "origin_kind": "petition",
            "title": f"=1+1 {SCRIPT}",
            "description": f'异味扰民 "><img src=x onerror=alert(1)> {SCRIPT}',
            "area_code": "990101001",
            "category": "other",
            "level": "county",
            "risk": "normal",
        },
    )
    (alarm,) = (a for a in desk.api("alarms") if OUTLET in a["text"])
    frames = visitor("monitor").get(f"/stations/{alarm['point']}?tab=raw").text
    return Loot(
        case=case,
        point=alarm["point"],
        alarm=alarm["id"],
        evidence=number(r"/evidence/(\d+)", page),
        frame=number(r"/frames/(\d+)", frames),
        bulletin=number(r"/documents/(\d+)$", issued.headers["Location"]),
        problem=number(r"/problem/(\d+)$", new.headers["Location"]),
    )


def number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found, f"{pattern} not in the page"
    return int(found[1])


# ---- reading what is not one's own ---------------------------------------------------------------


@pytest.mark.parametrize("who", ["south", "south_leader", "firm2", "auditor", "security"])
def test_an_address_alone_opens_nothing_that_lies_outside_ones_scope(loot, visitor, who):
    own = {"auditor": "audit", "security": "people"}.get(who)
    opened = {
        name: answer.status_code
        for name, address in loot.pages.items()
        if (answer := visitor(who).get(address)).status_code not in (403, 404) and name != own
    }
    assert opened == {}


def test_those_whose_work_it_is_can_open_it(loot, visitor):
    kept = {"people", "audit", "frame"}
    for name, address in loot.pages.items():
        if name not in kept:
            assert visitor("dispatcher").get(address).status_code == 200, name
    assert visitor("monitor").get(loot.pages["frame"]).status_code == 200


def test_a_stranger_is_asked_to_sign_in_and_learns_nothing(loot, house):
    with closing(Visitor(house)) as stranger:
        for name, address in loot.pages.items():
            answer = stranger.get(address)
            if address.startswith("/api/"):
                assert answer.status_code == 401, name
            else:
                assert answer.status_code == 302, name
                assert answer.headers["Location"].startswith("/sign-in?next="), name
        assert stranger.get("/live").status_code in (302, 403)
        listed = {one["id"] for one in visitor_points(stranger)}
        assert listed == set()


def visitor_points(who: Visitor) -> list[dict]:
    answer = who.get("/api/v1/points")
    return answer.json() if answer.status_code == 200 else []


@pytest.mark.parametrize("who", ["south", "firm2"])
def test_lists_and_maps_leave_out_what_others_own(loot, visitor, who):
    person = visitor(who)
    assert loot.point not in {one["id"] for one in visitor_points(person)}
    for address in (
        "/matters/alarm_case", "/matters/alarm_case/map.geojson", "/alarms?state=all",
        "/stations", "/map/air.geojson", "/map/enterprise.geojson", "/map/matter.geojson", "/enterprises", "/my-work", "/api/v1/alarms",
        "/api/v1/matters/alarm_case",
    ):  # fmt: skip
        answer = person.get(address)
        assert answer.status_code == 200, address
        assert OUTLET not in answer.text, address


@pytest.mark.parametrize("who", ["south", "south_leader", "firm2"])
def test_nobody_works_on_a_matter_that_is_not_theirs(loot, visitor, who):
    person = visitor(who)
    before = visitor("dispatcher").api(f"matters/alarm_case/{loot.case}")
    case = f"/matters/alarm_case/{loot.case}"
    tried = [
        person.submit(f"{case}/note", {"text": "闯入"}),
        person.submit(f"{case}/evidence", {}, files={"files": ("x.png", PNG)}),
        person.submit(f"{case}/assign", {"assign-organisation": "1"}),
        person.submit(f"{case}/do/dispatch", {"dispatch-finding": "x"}),
        person.submit(f"{case}/clocks", {"what": "suspend", "reason": "x"}),
        person.act(loot.case, "dispatch", finding="x"),
    ]
    assert {answer.status_code for answer in tried} == {404}
    assert visitor("dispatcher").api(f"matters/alarm_case/{loot.case}") == before


# ---- forged requests, sessions, passwords --------------------------------------------------------


def test_a_form_without_the_pages_token_changes_nothing(loot, house, visitor):
    desk = visitor("dispatcher")
    case = f"/matters/alarm_case/{loot.case}"
    before = desk.api(f"matters/alarm_case/{loot.case}")
    forged = [
        desk.post(f"{case}/note", data={"text": "伪造"}),
        desk.post(f"{case}/note", data={"text": "伪造", "csrfmiddlewaretoken": "x" * 64}),
        desk.post("/sign-out"),
        desk.post(f"/api/v1{case}/do/dispatch", json={"form": {"finding": "伪造"}}),
        desk.post(
            f"{case}/note",
            data={"text": "伪造", "csrfmiddlewaretoken": desk.cookies["csrftoken"]},
            headers={"Origin": "https://evil.example"},
        ),
    ]
    assert [answer.status_code for answer in forged] == [403] * len(forged)
    assert desk.api(f"matters/alarm_case/{loot.case}") == before
    assert "伪造" not in desk.get(case).text


def test_guessing_a_password_locks_the_account(house):
    with closing(Visitor(house)) as guesser:
        for _ in range(4):
            assert "用户名或密码不正确" in guesser.sign_in("guessed", "wrong").text
        assert "账号已锁定" in guesser.sign_in("guessed", "wrong").text
        # From now on not even the right one helps, wherever it comes from.
        assert "账号已锁定" in guesser.sign_in("guessed", PASSWORD).text
        assert "sessionid" not in guesser.cookies
        unknown = guesser.sign_in("nobody", "wrong").text
        assert "用户名或密码不正确" in unknown


def test_signing_in_leads_nowhere_else(house):
    with closing(Visitor(house)) as victim:
        for target in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
            page = victim.get("/sign-in", params={"next": target}).text
            assert target not in page
        victim.get("/sign-in")
        form = {"username": "officer", "password": PASSWORD, "next": "//evil.example"}
        assert victim.submit("/sign-in", form).headers["Location"] == "/my-work"


def test_a_new_password_ends_the_sessions_of_the_old_one(house, visitor):
    with closing(Visitor(house, "leaver")) as stolen:
        assert stolen.get("/alarms").status_code == 200
        security = visitor("security")
        address = number(r"/people/(\d+)", security.get("/people?q=leaver").text)
        fresh = "another-good-word-7"
        name, role, _, areas = PEOPLE["leaver"]
        form = {
            "username": "leaver", "name": name, "roles": role, "area_codes": ",".join(areas),
            "is_active": "on", "password": fresh,
        }  # fmt: skip
        assert security.submit(f"/people/{address}", form).headers["Location"] == "/people"
        answer = stolen.get("/alarms")
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/sign-in")
        assert stolen.get("/api/v1/points").status_code == 401
        with closing(Visitor(house, "leaver", fresh)) as rightful:
            # A password that somebody else has set is good for one thing: to choose another.
            assert rightful.get("/alarms").headers["Location"] == "/account"
            own = {"old_password": fresh, "new_password1": "Own-word-2026!"}
            own["new_password2"] = own["new_password1"]
            assert rightful.submit("/account", own).headers["Location"] == "/account"
            assert rightful.get("/alarms").status_code == 200
            # Whoever leaves is out at once.
            del form["is_active"]
            security.submit(f"/people/{address}", form | {"password": ""})
            assert rightful.get("/alarms").status_code == 302


# ---- what people and devices leave behind --------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("页面.html", SCRIPT.encode()),
        ("图.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("伪装.png", SCRIPT.encode()),
        ("程序.exe", b"MZ" + b"\0" * 64),
        ("无扩展名", PNG),
        ("空.png", b""),
    ],
    ids=["html", "svg", "html as png", "exe", "no ending", "empty"],
)
def test_files_that_could_run_are_refused(loot, house, visitor, name, content):
    desk = visitor("dispatcher")
    case = f"/matters/alarm_case/{loot.case}"
    before = desk.get(case).text.count("/evidence/")
    desk.submit(f"{case}/evidence", {}, files={"files": (name, content)})
    page = desk.get(case)
    assert "alert-danger" in page.text
    assert page.text.count("/evidence/") == before
    assert SCRIPT not in page.text


def test_a_text_with_a_script_is_only_offered_for_saving(loot, visitor):
    desk = visitor("dispatcher")
    case = f"/matters/alarm_case/{loot.case}"
    desk.submit(f"{case}/evidence", {}, files={"files": ("记录.txt", SCRIPT.encode())})
    evidence = max(map(int, re.findall(r"/evidence/(\d+)", desk.get(case).text)))
    answer = desk.get(f"/evidence/{evidence}")
    assert answer.content == SCRIPT.encode()
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    # A picture that is a page as well is a picture to the browser, and runs nothing.
    desk.submit(f"{case}/evidence", {}, files={"files": ("混.png", PNG + SCRIPT.encode())})
    evidence = max(map(int, re.findall(r"/evidence/(\d+)", desk.get(case).text)))
    answer = desk.get(f"/evidence/{evidence}")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")


def test_a_file_name_reaches_no_other_folder_and_no_header(loot, house, visitor):
    desk = visitor("dispatcher")
    case = f"/matters/alarm_case/{loot.case}"
    folder = house.process.data
    before = outside(folder)
    for bad in (
        "../../../../闯入.png", "..\\..\\闯入.png", "/etc/闯入.png", '闯入"; x="y.png',
        "闯入\r\nX-Evil: 1.png", f"{SCRIPT}.png", "闯" * 80 + ".png",
    ):  # fmt: skip
        answer = desk.submit(
            f"{case}/evidence", {"caption": SCRIPT}, files={"files": (bad, PNG + bad.encode())}
        )
        assert answer.status_code == 302, bad
        page = desk.get(case).text
        assert SCRIPT not in page
        for evidence in set(re.findall(r"/evidence/(\d+)", page)):
            file = desk.get(f"/evidence/{evidence}")
            assert file.status_code == 200
            assert "x-evil" not in file.headers
            assert "/" not in file.headers["content-disposition"].split("filename")[1]
    assert outside(folder) == before
    assert not list(folder.parent.glob("*闯入*"))
    for address in ("/evidence/../../secret_key", "/evidence/..%2f..%2fsecret_key",
                    "/static/../business.sqlite3", "/static/..%2f..%2fsecret_key"):  # fmt: skip
        answer = desk.get(address)
        assert answer.status_code in (302, 403, 404), address


def outside(folder: Path) -> set[str]:
    """The files of the data folder but for evidence under its hash."""
    kept = re.compile(r"evidence/[0-9a-f]{2}/[0-9a-f]{64}")
    names = (str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    return {n for n in names if not kept.fullmatch(n) and not n.endswith(("-wal", "-shm", ".wal"))}


def test_what_a_device_or_a_complainant_wrote_is_shown_and_not_run(loot, house, visitor):
    device = Device(MN[OUTLET], st="31")
    text = "<script>alert(1)</script><b>x"
    packet = device.packet("3020", time=hours_ago(1), values=[Value("i13013", "Info", text)])
    assert house.send(packet) == ["9014"]
    stranger = Device("<script>a(1)</script>", st="31")
    house.send(stranger.packet("2061", time=hours_ago(1), values=so2(1)))
    monitor, desk = visitor("monitor"), visitor("dispatcher")
    until(lambda: "&lt;script&gt;a(1)" in monitor.get("/quarantine").text, "the strange MN")
    newest = max(map(int, re.findall(r"/frames/(\d+)", monitor.get("/quarantine").text)))
    shown = {
        "raw": monitor.get(f"/stations/{loot.point}?tab=raw"),
        "now": monitor.get(f"/stations/{loot.point}"),
        "frame": monitor.get(f"/frames/{newest}"),
        "info": monitor.get(f"/frames/{newest - 1}"),
        "quarantine": monitor.get("/quarantine"),
        "problem": desk.get(f"/matters/problem/{loot.problem}"),
        "problems": desk.get("/matters/problem"),
        "work": desk.get("/my-work"),
        "cockpit": desk.get("/"),
    }
    for name, answer in shown.items():
        assert answer.status_code == 200, name
        assert "<script>a" not in answer.text, name
        assert "<img src=x" not in answer.text, name
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy, name
        assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0], name
    assert "&lt;script&gt;alert(&#x27;闯入&#x27;)" in shown["problem"].text
    assert "&lt;script&gt;alert(1)" in shown["info"].text
    # In a table that leaves the house it is text, too, and no formula.
    sheet = openpyxl.load_workbook(BytesIO(desk.get("/matters/problem/export.xlsx").content)).active
    (cell,) = (c for line in sheet.rows for c in line if SCRIPT in str(c.value))
    assert (cell.value, cell.data_type) == (f"=1+1 {SCRIPT}", "s")


LISTS = {
    "dispatcher": [
        "/matters/alarm_case", "/matters/alarm_case/export.xlsx", "/matters/alarm_case/statistics",
        "/matters/alarm_case/map.geojson", "/matters/problem", "/alarms", "/stations", "/filings",
        "/b/alarm/export.xlsx", "/b/point/export.xlsx", "/b/filing/export.xlsx", "/b/enterprise/export.xlsx", "/catalogue.xlsx",
        "/enterprises", "/catalogue", "/map/air.geojson", "/map/enterprise.geojson", "/map/matter.geojson", "/notices", "/bulletins/choose",
        "/records/alarms", "/records/air-days", "/records/water-days", "/records/targets",
        "/api/v1/matters/alarm_case", "/api/v1/points", "/api/v1/alarms", "/cockpit/air",
    ],
    "monitor": ["/quarantine", "/quarantine.xlsx", "/stations/{point}", "/stations/{point}/series.json",
                "/stations/{point}/calendar.json", "/stations/{point}/value", "/filings/new"],
    "security": ["/people"],
    "auditor": ["/audit"],
}  # fmt: skip
NAMES = (
    "q", "sort", "state", "area", "level", "detector", "kind", "organisation", "page", "before",
    "mn", "day", "month", "opened_at_from", "action", "status", "point", "begin", "end", "parameter",
    "series", "scale", "tab", "year", "start", "limit", "offset", "after", "section", "factor",
    "owner", "as_of", "only", "register", "merged", "rule",
)  # fmt: skip
ODD = {
    "long": "长" * 3000,
    "quote": "' OR 1=1; DROP TABLE matters_event; --",
    "union": '") UNION SELECT password FROM accounts_person --',
    "lookup": "owner__password__startswith",
    "huge": "9" * 40,
    "superscript": "²",
    "null": "\x00",
    "negative": "-1",
    "template": "{{ request.user.password }}{% debug %}",
    "day": "2026-13-45",
    "first day": "0001-01-01",
    "last day": "9999-12-31",
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_words_in_an_address_do_no_harm(loot, visitor, odd):
    failed = []
    for who, addresses in LISTS.items():
        for address in addresses:
            names = ("q", "sort") if odd == "long" else NAMES
            query = dict.fromkeys(names, ODD[odd])
            answer = visitor(who).get(address.format(point=loot.point), params=query)
            if answer.status_code >= 500 or "pbkdf2_" in answer.text:
                failed.append((address, answer.status_code))
    assert failed == []
    assert visitor("dispatcher").api(f"matters/alarm_case/{loot.case}")["state"] == "verify"


# ---- hostile devices -----------------------------------------------------------------------------


def memory(house) -> int:
    """Resident memory of the server, bytes."""
    pages = Path(f"/proc/{house.process.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_hostile_bytes_do_not_keep_others_from_being_heard(house, loot, visitor):
    """Garbage, frames without end and idle connections, all at once, while a device reports."""
    host, port = house.process.device
    noise = random.Random(212)
    garbage = noise.randbytes(1 << 20)
    endless = b"##9999QN=20261121180000000;ST=31;CN=2061;CP=&&" + b"a21026-Avg=1;" * 80_000
    nested = b"##" * 500_000
    device = Device(MN[OUTLET], st="31")
    first = hours_ago(26)
    hours = [first + timedelta(hours=n) for n in range(1, 21)]
    own = [device.packet("2061", time=h, values=so2(20 + n)) for n, h in enumerate(hours, 1)]
    torn = encode(device.packet("2061", time=first, values=so2(20)))

    async def shout(data: bytes) -> None:
        try:
            _, writer = await asyncio.open_connection(host, port)
            for start in range(0, len(data), 65536):
                writer.write(data[start : start + 65536])
                await writer.drain()
            writer.close()
        except ConnectionError:
            pass  # hung up on, as it should be

    async def report() -> list[str]:
        async with await Client(timing=Timing(timeout=PATIENCE, resends=0)).connect(
            host, port
        ) as client:
            return [(await client.send(one)).cn for one in own]

    async def byte_by_byte() -> bytes:
        reader, writer = await asyncio.open_connection(host, port)
        for start in range(len(torn)):
            writer.write(torn[start : start + 1])
            await writer.drain()
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), PATIENCE)
        writer.close()
        return answer

    async def all_at_once() -> tuple[list[str], bytes]:
        idle = [await asyncio.open_connection(host, port) for _ in range(200)]
        attacks = [shout(data) for data in (garbage, endless, nested, garbage[::-1])]
        answers, slow, *_ = await asyncio.gather(report(), byte_by_byte(), *attacks)
        for _, writer in idle:
            writer.close()
        return answers, slow

    before = memory(house)
    answers, slow = apart(all_at_once())
    assert answers == ["9014"] * len(own)
    assert b"CN=9014" in slow
    house.settled()
    span = {"begin": first.isoformat(), "end": (hours[-1] + timedelta(hours=1)).isoformat()}
    rows = visitor("monitor").api(f"points/{loot.point}/observations", **span)
    assert {row["start"]: row["value"] for row in rows} == {
        hour.isoformat(): 20.0 + n for n, hour in enumerate([first, *hours])
    }
    assert house.health()["ok"] is True
    if "elsewhere" not in house.health()["gateway"]:  # a gateway of its own counts them itself
        until(
            lambda: house.health()["gateway"]["connections_open"] == 0, "connections to be let go"
        )
    # Four megabytes of attack are not kept.
    assert memory(house) - before < 100 << 20


def test_a_page_request_that_is_too_large_or_broken_is_refused(house, visitor):
    desk = visitor("dispatcher")
    assert desk.post("/api/v1/matters/alarm_case/1/do/x", content=b"{").status_code in (400, 403)
    connection = http.client.HTTPConnection(house.http.removeprefix("http://"), timeout=PATIENCE)
    connection.request("GET", f"/alarms?q={'x' * 200_000}")
    assert connection.getresponse().status == 431
    connection.close()
    huge = desk.submit("/sign-in", {"username": "x" * (33 << 20), "password": "x"})
    assert huge.status_code == 400
    assert house.health()["ok"] is True

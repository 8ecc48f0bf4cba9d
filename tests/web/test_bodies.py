"""Bodies and connections that are too much, against the real server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import stat
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import lxml.html
import pytest
from tests.cli.server import Server
from tests.cluster import places

from ecoledger.web import bodies

PASSWORD = "qingxi-path-2026"
BUILD = f"""
from ecoledger.accounts.models import Organisation, Person
bureau = Organisation.objects.create(name="测试县生态环境局", kind="bureau", area_code="990101")
for name, role in (("monitor", "monitor"), ("grid", "grid"), ("security", "security_admin")):
    person = Person(username=name, name=name, roles=[role], area_codes=["990101"], organisation=bureau)
    person.set_password("{PASSWORD}")
    person.save()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("bodies") / "data")
    made.prepare(BUILD)
    with made:
        yield made


@pytest.fixture(scope="module")
def monitor(server):
    with httpx.Client(base_url=server.http, timeout=60) as client:
        client.get("/sign-in")
        form = {"username": "monitor", "password": PASSWORD}
        answer = client.post("/sign-in", data=form | token(client))
        assert answer.status_code == 302
        yield client


def token(client: httpx.Client) -> dict[str, str]:
    return {"csrfmiddlewaretoken": client.cookies["csrftoken"]}


def connected(server: Server) -> socket.socket:
    where = urlsplit(server.http)
    return socket.create_connection((where.hostname, where.port), timeout=60)


def temporary_files(server: Server) -> int:
    """Deleted files that the server still holds open."""
    count = 0
    for link in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            count += "(deleted)" in str(link.readlink())
    return count


def test_a_strangers_long_body_is_refused_unread(server):
    with closing(connected(server)) as stranger:
        stranger.sendall(
            b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 314572800\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        assert stranger.recv(100).startswith(b"HTTP/1.1 413")
        assert temporary_files(server) == 0


def test_an_address_that_does_not_end_is_refused(server, monitor):
    answer = monitor.get("/audit", params={"q": "a" * 60_000})
    assert answer.status_code == 414
    assert "网址超过允许的长度" in answer.text
    # A person is told what to leave out of the address, not to press files.
    shown = monitor.get("/audit", params={"q": "a" * 60_000}, headers={"Accept": "text/html"})
    page = lxml.html.fromstring(shown.text).text_content()
    assert "请减少筛选条件或搜索的文字" in page
    assert "take out some filters" in page
    assert [word for word in ("压缩", "smaller", "存在这台设备") if word in page] == []
    assert monitor.get("/my-work", params={"q": "a" * 10_000}).status_code == 200


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "hex", "zlib", "idna", "unicode_escape"])
def test_a_form_in_other_letters_than_utf8_is_refused(server, charset):
    kind = "application/x-www-form-urlencoded; charset="
    for method, path in (("POST", "/sign-in"), ("GET", "/sign-in?next=%2F")):
        headers = {"Content-Type": kind + charset}
        answer = httpx.request(method, server.http + path, headers=headers, content=b"username=a")
        assert answer.status_code == 415, method
        assert "UTF-8" in answer.text
    for said in (kind + "UTF-8", kind + '"utf8"', "application/x-www-form-urlencoded"):
        taken = httpx.post(
            f"{server.http}/sign-in", headers={"Content-Type": said}, content=b"username=a"
        )
        assert taken.status_code == 404, said  # read, and without its token


def test_a_body_that_does_not_say_its_length_is_counted(server):
    with closing(connected(server)) as stranger:
        stranger.sendall(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            for _ in range(100):
                stranger.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        assert stranger.recv(100).startswith(b"HTTP/1.1 413")
        assert temporary_files(server) == 0


def test_a_made_up_session_is_a_stranger_too(server):
    cookies = {"sessionid": "0" * 32}
    with httpx.Client(base_url=server.http, cookies=cookies) as client:
        assert client.post("/sign-in", content=b"x" * 100_000).status_code == 413


def test_who_has_signed_in_may_bring_a_file(server, monitor):
    content = "点位,时间,PM2.5\n".encode() + b"A-1,2026-04-01 00:00,35\n" * 100_000
    assert len(content) > 2 << 20
    answer = monitor.post(
        "/import", data=token(monitor), files={"file": ("历史.csv", content, "text/csv")}
    )
    assert answer.status_code in (200, 302)
    with closing(connected(server)) as too_much:
        cookie = f"sessionid={monitor.cookies['sessionid']}".encode()
        too_much.sendall(
            b"POST /import HTTP/1.1\r\nHost: x\r\nContent-Length: 419430400\r\nCookie: "
            + cookie
            + b"\r\n\r\n"
        )
        assert too_much.recv(100).startswith(b"HTTP/1.1 413")


BROWSER = {"Accept": "text/html,application/xhtml+xml", "Content-Type": "text/plain"}


def test_a_browser_is_shown_a_page_that_says_what_helps(server, monitor):
    """Not a line of text: who reads it, what became of the text, and where to go on."""
    with closing(connected(server)) as too_much:
        cookie = f"sessionid={monitor.cookies['sessionid']}".encode()
        too_much.sendall(
            b"POST /import HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nContent-Length: 419430400\r\nCookie: "
            + cookie
            + b"\r\n\r\n"
        )
        answer = b""
        while part := too_much.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    page = lxml.html.fromstring(body.decode())
    assert head.startswith(b"HTTP/1.1 413")
    assert b"no-store" in head
    assert page.xpath("//html/@lang") == ["zh-Hans"]
    assert "分几次上传" in page.text_content()
    assert "send them in parts" in page.text_content()
    assert page.xpath("//a/@href") == ["/"]


def test_who_was_signed_out_meanwhile_is_led_to_sign_in(server):
    with httpx.Client(base_url=server.http, cookies={"sessionid": "0" * 32}) as client:
        answer = client.post("/import", content=b"x" * 200_000, headers=BROWSER)
    page = lxml.html.fromstring(answer.text)
    assert answer.status_code == 413
    assert answer.headers["x-signed-out"] == "1"
    assert "登录已过期" in page.text_content()
    assert "Your session has ended" in page.text_content()
    assert page.xpath("//a/@href") == ["/sign-in"]
    # Words are all it holds: a page that strangers can call up runs and loads nothing.
    assert page.xpath("//script | //img | //link | //iframe") == []
    assert answer.headers["content-security-policy"] == "default-src 'none'"


def test_a_header_that_does_not_end_is_not_waited_for(server):
    held = []
    for _ in range(20):
        one = connected(server)
        one.sendall(b"GET /sign-in HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        held.append(one)
    for one in held:  # each is closed by the server, or the test's own patience ends
        assert closed(one)
        one.close()


def test_a_header_without_measure_is_cut_off(server):
    with closing(connected(server)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        for n in range(200):
            stranger.sendall(b"X-%d: %s\r\n" % (n, b"y" * 1000))
        assert stranger.recv(12) == b"HTTP/1.1 431"


def closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_a_person_holds_only_so_many_streams(server, monitor):
    from ecoledger.web.live import MOST_OF_A_PERSON

    held = []
    cookie = f"sessionid={monitor.cookies['sessionid']}".encode()
    answers = []
    for _ in range(MOST_OF_A_PERSON + 3):
        one = connected(server)
        one.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\nCookie: " + cookie + b"\r\n\r\n")
        answers.append(one.recv(12))
        held.append(one)
    assert answers.count(b"HTTP/1.1 200") == MOST_OF_A_PERSON
    assert answers.count(b"HTTP/1.1 429") == 3
    # Threads keep their connection to the database; no stream holds one that would go with it.
    with_streams = _databases(server)
    for one in held:
        one.close()
    assert _databases(server) >= with_streams


def _databases(server) -> int:
    """Files of the business database that the server has open."""
    names = []
    for link in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed while they are counted
            names.append(str(link.readlink()))
    return sum("business.sqlite3" in name for name in names)


def test_idle_devices_leave_the_pages_their_files(tmp_path):
    server = Server(tmp_path / "data")
    server.prepare(BUILD)
    server.preexec = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 5000))
    with server:
        held = [socket.create_connection(server.device, timeout=10) for _ in range(1_500)]
        for _ in range(3):
            assert httpx.get(server.http + "sign-in", timeout=30).status_code == 200
        for one in held:
            one.close()


def test_too_few_files_are_refused_with_the_remedy(tmp_path):
    done = subprocess.run(
        ["bash", "-c", f"ulimit -n 1024; exec {sys.executable} -m ecoledger serve --data {tmp_path}/d"],
        capture_output=True, text=True, timeout=60, check=False,
        env=Server(tmp_path).environment,
    )  # fmt: skip
    assert done.returncode == 1
    assert "LimitNOFILE" in done.stderr
    assert not (tmp_path / "d").exists()


def test_the_data_folder_is_its_owners_alone(server):
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    files = [path for path in server.data.rglob("*") if path.is_file()]
    if not os.environ.get(places.SERVER):
        assert {"business.sqlite3", "observations.duckdb"} <= {path.name for path in files}
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_a_folder_that_was_open_is_closed_at_the_next_start(tmp_path):
    server = Server(tmp_path / "data")
    server.prepare(BUILD)
    server.data.chmod(0o755)
    kept = next(path for path in sorted(server.data.rglob("*")) if path.is_file())
    kept.chmod(0o644)
    with server:
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_strangers_who_drip_take_no_place_from_who_sends_files(server, monitor):
    """Bodies without a length are counted as they come, and hold none of the places for large ones."""
    head = (
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
    )
    with contextlib.ExitStack() as held:
        for _ in range(20):
            drip = held.enter_context(closing(connected(server)))
            drip.sendall(head)
        file = ("x.csv", b"a,b\n" + b"1,2\n" * 700_000)
        answer = monitor.post("/import", data=token(monitor), files={"file": file})
        assert answer.status_code == 200


def test_a_body_that_drips_is_ended(monkeypatch):
    """A byte now and then keeps no request open: after a while a body has to have come at a pace."""
    monkeypatch.setattr(bodies, "SILENCE", 0.3)
    told = []
    drops = iter(range(500))

    async def application(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive():
        await asyncio.sleep(0.02)
        more = next(drops, None) is not None
        return {"type": "http.request", "body": b"a", "more_body": more}

    async def send(message):
        told.append(message)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", b"60000")]}
    asyncio.run(bodies.bounded(application)(scope, receive, send))
    assert told[0]["status"] == 408

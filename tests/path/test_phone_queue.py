"""A phone without signal, over HTTPS under a name that is not localhost: what is written waits on the device, of each
person alone, and goes once."""

from __future__ import annotations

import base64
import hashlib
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import expect
from tests.browser import opened
from tests.cli.server import Server
from tests.cluster import places
from tests.path import county
from tests.path.house import PATIENCE, PNG, SETTINGS, until

NAME = "eco.test"
expect.set_options(timeout=PATIENCE * 1000)


def certificate(folder, days=90):
    """A certificate of its own for :data:`NAME`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"cert{days}.pem", folder / f"key{days}.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return [str(path) for path in paths]


def fingerprint(path):
    """What a browser is told of a certificate that it is to trust."""
    spki = (
        x509.load_pem_x509_certificate(Path(path).read_bytes())
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


@pytest.fixture(scope="module")
def server(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("https")
    shutil.copytree(built, folder / "data")
    places.copied(built, folder / "data")
    cert, key = certificate(folder)
    with Server(folder / "data", "--certificate", cert, "--key", key, settings=SETTINGS) as process:
        yield process


@pytest.fixture(scope="module")
def phone(server):
    port = urlsplit(server.http).port
    with opened(
        f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
        # As with a certificate that the device trusts.
        f"--ignore-certificate-errors-spki-list={fingerprint(server.more[1])}",
    ) as browser:
        context = browser.new_context(
            base_url=f"https://{NAME}:{port}",
            viewport={"width": 390, "height": 844},
            locale="zh-CN",
        )
        context.set_default_timeout(PATIENCE * 1000)
        yield context.new_page()


def sign_in(page, username):
    # The form's token stays: what the page before still fetches must not bring another one meanwhile.
    page.context.clear_cookies(name="sessionid")
    page.goto("/sign-in")
    page.fill("#username", username)
    page.fill("#password", county.PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def report(page, category, words):
    page.get_by_text(category, exact=True).click()
    page.set_input_files("#photo", {"name": "a.png", "mimeType": "image/png", "buffer": PNG})
    page.locator("form.report summary").click()
    page.fill("#description", words)
    page.locator("form.report button.btn-primary").click()


def at_hand(page):
    """Until the device has the page for later."""
    until(lambda: page.evaluate("caches.match('/report').then(Boolean)"), "the page at hand")


def events(server, words):
    """Who wrote of the events that are called so, as the server has them."""
    script = (
        "from ecoledger.registers.grid.events import GridEvent\n"
        f"answer = list(GridEvent.objects.filter(description={words!r})"
        ".values_list('events__person__username', flat=True))"
    )
    address = f"https://127.0.0.1:{urlsplit(server.http).port}/asked"
    with httpx.Client(verify=False, timeout=PATIENCE) as client:  # noqa: S501 - its own certificate
        return client.post(address, content=script, headers={"Host": NAME}).json()


def test_https_is_served_and_strange_names_are_refused(server):
    assert server.http.startswith("https://")
    port = urlsplit(server.http).port
    with httpx.Client(verify=False, timeout=PATIENCE) as client:  # noqa: S501 - its own certificate
        answer = client.get(f"https://127.0.0.1:{port}/sign-in", headers={"Host": NAME})
        assert answer.status_code == 200
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        assert "Secure" in answer.headers["Set-Cookie"]
        refused = client.get(f"https://127.0.0.1:{port}/sign-in", headers={"Host": "evil.example"})
        assert refused.status_code == 400
        # The operator's monitor asks by the machine's own address.
        assert client.get(f"https://127.0.0.1:{port}/health").status_code == 200


@pytest.mark.parametrize(("days", "words"), [(-1, "到期"), (90, "私钥不能使用")])
def test_a_certificate_that_cannot_serve_is_said_before_anything_starts(tmp_path, days, words):
    cert, key = certificate(tmp_path, days)
    if days > 0:
        key = certificate(tmp_path, 30)[1]  # of another certificate
    with pytest.raises(RuntimeError, match=words):
        Server(tmp_path / "data", "--certificate", cert, "--key", key, settings=SETTINGS).start()


def test_what_is_written_without_a_signal_goes_once_and_as_its_writer(server, phone):
    page = phone
    sign_in(page, "town")
    page.goto("/report")
    at_hand(page)
    page.context.set_offline(True)
    page.reload()
    category = page.locator(".choice-big span").first.inner_text()
    report(page, category, "无信号第一件")
    expect(page.locator("[data-queue-rows]")).to_contain_text("已存在手机上")
    expect(page.locator("[data-queue-rows]")).to_contain_text("附件 1 个")
    assert events(server, "无信号第一件") == []

    # Somebody else signs in on the same phone: neither sees nor sends it.
    page.context.clear_cookies()
    with page.expect_response(lambda r: r.request.method == "POST" and "/report" in r.url):
        page.context.set_offline(False)
        page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("[data-queue-rows]")).to_contain_text("请登录后发送")
    sign_in(page, "south")
    page.goto("/my-work")
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-queue-rows] li")).to_have_count(0)
    assert events(server, "无信号第一件") == []

    # Its writer is back, on any page: it goes by itself, once.
    sign_in(page, "town")
    expect(page.locator("[data-queue-state]")).to_contain_text("已收到")
    page.goto("/my-work")
    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-queue-rows] li")).to_have_count(0)
    assert events(server, "无信号第一件") == ["town"]


def test_a_page_of_one_person_sends_nothing_under_another_session(server, phone):
    page = phone
    sign_in(page, "town")
    page.goto("/report")
    mine = page.context.cookies()
    sign_in(page, "south")
    theirs = [c for c in page.context.cookies() if c["name"] == "sessionid"]
    page.context.clear_cookies()
    page.context.add_cookies(mine)
    page.goto("/report")
    page.context.add_cookies(theirs)  # as in a second tab
    report(page, page.locator(".choice-big span").first.inner_text(), "别人的会话")
    expect(page.locator("[data-queue-rows]")).to_contain_text("请登录后发送")
    assert events(server, "别人的会话") == []
    sign_in(page, "town")
    expect(page.locator("[data-queue-state]")).to_contain_text("已收到")
    assert events(server, "别人的会话") == ["town"]


def test_a_draft_comes_back_when_the_page_is_opened_again(phone):
    page = phone
    sign_in(page, "dispatcher")
    page.goto("/b/problem/new")
    page.fill("[name=title]", "写到一半的问题")
    expect(page.locator(".draft-state")).to_contain_text("草稿已存")
    page.goto("/my-work")
    page.goto("/b/problem/new")
    expect(page.locator("[name=title]")).to_have_value("写到一半的问题")
    expect(page.locator(".draft-state")).to_contain_text("已恢复草稿")
    page.locator(".draft-state button").click()
    expect(page.locator("[name=title]")).to_have_value("")

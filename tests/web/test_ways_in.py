"""Ways in that strangers and the least of the staff try: each is refused, and the page still works."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from tests.web.test_matrix import address, class_of, routes

from ecoledger.accounts import second_factor, sign_in
from ecoledger.accounts.models import Person
from ecoledger.entities import identifiers
from ecoledger.entities.models import Enterprise
from ecoledger.listings.importing import repeats
from ecoledger.listings.tables.confined import Limits
from ecoledger.matters import evidence
from ecoledger.matters.models import Evidence, Matter
from ecoledger.outbox.models import Channel
from ecoledger.registers.air_sources import stills
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.standards import written_dates, written_names
from ecoledger.standards.column_names import ColumnError, recognise
from ecoledger.web.plans import review

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
ELSEWHERE = (
    "https://evil.example/x",
    "//evil.example/x",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "http:///evil.example",
    "/%09/evil.example\t//evil.example",
    "evil.example",
)


# -- where pages lead ------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ELSEWHERE)
def test_signing_in_and_changing_the_language_lead_nowhere_else(people, to):
    client = Client()
    answer = client.post("/sign-in", {"username": "monitor", "password": PASSWORD, "next": to})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith(("//", "/\\"))
    answer = client.post("/language", {"language": "en", "next": to})
    assert not answer.get("Location", "/").startswith(("http", "//", "\\", "javascript"))


@pytest.mark.usefixtures("refusals_drawn_once")
def test_every_change_asks_for_the_forms_own_token(county):
    """A page of somebody else's that sends a form with the reader's cookies changes nothing."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(county.person("leader"))
    odd = []
    for route in routes():
        if route.startswith("live"):
            continue
        answer = client.post(address(route), {"x": "1"})
        if answer.status_code not in (403, 404, 405):
            odd.append((class_of(route), route, answer.status_code))
    # The interface tells first what is wrong with the address.
    assert [one for one in odd if not (one[1].startswith("api/") and one[2] == 422)] == []


def test_no_page_may_be_framed(county, signed_in):
    client = signed_in("leader")
    for path in ("/", "/my-work", "/account", "/matters/problem", "/b/point"):
        answer = client.get(path)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"


# -- the second factor -----------------------------------------------------------------------------


@pytest.fixture
def with_phone(people) -> tuple[Person, TOTPDevice]:
    person = people["monitor"]
    device = second_factor.begin(person)
    device.confirmed = True
    device.save()
    return person, device


def given_password(person) -> Client:
    client = Client()
    answer = client.post("/sign-in", {"username": person.username, "password": PASSWORD})
    assert answer["Location"] == "/sign-in/code"
    return client


def test_the_password_alone_opens_nothing(with_phone):
    client = given_password(with_phone[0])
    for path in (
        "/",
        "/my-work",
        "/account",
        "/api/v1/points",
        "/live",
        "/jobs",
        "/lookup/entity",
    ):
        answer = client.get(path)
        assert answer.status_code in (401, 403) or answer.get("Location", "").startswith(
            "/sign-in"
        ), (path, answer.status_code)
    assert "_auth_user_id" not in client.session
    assert client.post("/account/second-factor/remove", {"password": PASSWORD})[
        "Location"
    ].startswith("/sign-in")


def test_a_session_from_before_is_not_the_session_afterwards(with_phone):
    """A cookie that somebody else planted, or saw before the code, is worth nothing after it."""
    person, device = with_phone
    client = given_password(person)
    before = client.cookies["sessionid"].value
    code = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    code.time = time.time()
    answer = client.post("/sign-in/code", {"code": f"{code.token():06d}"})
    assert answer.status_code == 302
    assert client.cookies["sessionid"].value != before
    thief = Client()
    thief.cookies["sessionid"] = before
    assert thief.get("/account").status_code == 302
    assert client.get("/account").status_code == 200


def test_codes_are_not_guessed_whatever_addresses_guess(with_phone):
    """Wrong codes slow the account itself, not only the address: the right one then waits, too."""
    person, device = with_phone
    code = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    code.time = time.time()
    right = f"{code.token():06d}"
    wrong = f"{(code.token() + 7) % 10**6:06d}"
    for n in range(4):
        client = given_password(person)
        client.post("/sign-in/code", {"code": wrong}, REMOTE_ADDR=f"10.1.{n}.7")
    client = given_password(person)
    answer = client.post("/sign-in/code", {"code": right}, REMOTE_ADDR="10.1.99.7")
    assert answer.status_code == 200  # asked again
    assert "_auth_user_id" not in client.session


def test_a_new_password_does_not_take_the_phone_away(with_phone, people, signed_in):
    person, _device = with_phone
    person.set_password("another long password 7")
    person.save()
    client = Client()
    answer = client.post(
        "/sign-in", {"username": person.username, "password": "another long password 7"}
    )
    assert answer["Location"] == "/sign-in/code"


def test_one_account_is_guessed_five_times_from_however_many_addresses(people, rf):
    sign_in.FailedSignIns.objects.all().delete()
    outcomes = [
        sign_in.attempt(rf.post("/sign-in"), "monitor", f"guess {n}", address=f"10.2.{n}.1")
        for n in range(8)
    ]
    assert sum(outcome.locked is not None for outcome in outcomes) == 1
    last = sign_in.attempt(rf.post("/sign-in"), "monitor", PASSWORD, address="10.2.99.1")
    assert last.person is None  # locked: even the right password
    assert Person.objects.get(username="monitor").locked_until > timezone.now()


# -- addresses that the server itself asks ---------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "https://127.0.0.1/x",
        "http://qyapi.weixin.qq.com/x",
        "https://qyapi.weixin.qq.com@evil.example/",
        "https://evil.example\\@qyapi.weixin.qq.com/",
        "https://evil.example#@qyapi.weixin.qq.com/",
        "https://qyapi.weixin.qq.com.evil.example/",
        "https://user:pw@qyapi.weixin.qq.com/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/",
        "//qyapi.weixin.qq.com/",
        "qyapi.weixin.qq.com",
        "https://qyapi.weixin.qq.com:99999/",
        "",
    ],
)
def test_the_outbox_asks_no_host_but_those_allowed(target):
    channel = Channel(name="群", kind="wecom", address=target, area_code="990101")
    assert not channel.leads_where_allowed
    assert not stills.allowed(target)


def test_the_robots_own_host_is_allowed():
    channel = Channel(
        name="群", kind="wecom", address="https://qyapi.weixin.qq.com/cgi-bin/x?key=1"
    )
    assert channel.leads_where_allowed


# -- files -----------------------------------------------------------------------------------------

SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.fixture
def problem(county) -> Problem:
    from ecoledger.matters import actions
    from ecoledger.registers.problems.problem_ledger import REGISTER

    values = {"title": "问题", "origin_kind": "self", "area_code": "990101001", "description": "x"}
    return actions.open_matter(REGISTER, values, by=county.person("dispatcher"))


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("图.svg", SCRIPT, "image/svg+xml"),
        ("图.png", SCRIPT, "image/png"),
        ("图.jpg", b"<html><script>alert(1)</script>", "image/jpeg"),
        ("页.html", b"<script>alert(1)</script>", "image/png"),
        ("页.pdf", b"<script>alert(1)</script>%PDF-1.7", "application/pdf"),
        ("a.txt", b"MZ\x00\x00", "text/plain"),
        ("run.exe", b"MZ\x90\x00", "image/png"),
        ("a.png.html", b"\x89PNG\r\n\x1a\n<script>", "image/png"),
    ],
)
def test_what_a_file_says_it_is_is_not_believed(problem, signed_in, name, content, kind):
    client = signed_in("dispatcher")
    file = SimpleUploadedFile(name, content, kind)
    client.post(f"/matters/problem/{problem.pk}/note", {"note": "看附件", "files": file})
    assert Evidence.objects.count() == 0


def test_a_text_is_handed_out_to_be_saved_and_its_name_breaks_no_header(problem, signed_in):
    client = signed_in("dispatcher")
    name = 'a"; filename=x.html\r\nSet-Cookie: a=b<script>.txt'
    file = SimpleUploadedFile("x.txt", b"<script>alert(1)</script>", "text/html")
    file._name = name  # as a program of its own may hand it in
    by = problem.created_by
    found = evidence.stored(evidence.Upload(file), matter=problem, by=by, at=timezone.now())
    assert found.name.endswith(".txt")
    answer = client.get(f"/evidence/{found.pk}")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    assert "\n" not in answer["Content-Disposition"]


# -- fields nobody asked for -----------------------------------------------------------------------


def test_a_form_takes_nothing_it_did_not_ask(county, signed_in):
    """State, number, owner, times and roles are set by steps alone, whatever a form brings along."""
    client = signed_in("dispatcher")
    form = {
        "title": "随手报来的问题", "origin_kind": "self", "area_code": "990101001", "description": "x",
        "state": "closed", "number": "我的〔2026〕1号", "register": "penalty_case", "phase": "closed",
        "closed_at": "2026-01-01", "created_by": str(county.person("leader").pk), "id": "1", "synthetic": "1",
        "circulation": "enterprise", "withdrawn_at": "2026-01-01", "revision": "99",
    }  # fmt: skip
    client.post("/matters/problem/new", form)
    matter = Matter.objects.get(title="随手报来的问题")
    assert (matter.register, matter.phase, matter.closed_at) == ("problem", "open", None)
    assert matter.number != "我的〔2026〕1号"
    assert matter.created_by == county.person("dispatcher")
    assert matter.withdrawn_at is None


def test_nobody_gives_himself_roles_by_a_form_of_his_own(people, signed_in):
    client = signed_in("grid")
    for path in ("/account", "/account/keys", "/account/deputies", "/people/new", "/b/person/new"):
        client.post(path, {"roles": ["leader"], "is_superuser": "1", "area_codes": "99"})
    person = Person.objects.get(username="grid")
    assert person.roles == ["grid"]
    assert person.area_codes == ["990101001"]


def test_anothers_draft_views_and_jobs_are_not_there(county, signed_in):
    """Saved views, kept drafts and previews belong to who made them, whatever number is asked for."""
    from ecoledger.listings.models import SavedView

    mine = SavedView.objects.create(
        listing="problem", person=county.person("leader"), name="我的", query="q=x"
    )
    client = signed_in("dispatcher")
    client.post("/b/problem/views", {"delete": f" {mine.pk}"})
    client.post("/b/problem/views", {"delete": str(mine.pk)})
    assert SavedView.objects.filter(pk=mine.pk).exists()
    assert (
        "我的"
        not in client.get("/matters/problem").content.decode().split("<main")[1].split("</nav>")[0]
    )


def test_markup_in_a_name_stays_text(county, signed_in):
    """What somebody typed is shown as typed: on lists, pages, maps, search, look-ups and statistics."""
    evil = "<img src=x onerror=alert(1)>\"'"
    Enterprise.objects.filter(pk=county.bureau.enterprise.pk).update(name=evil, address=evil)
    alarm = county.alarms[0]
    alarm.text = evil
    alarm.save()
    client = signed_in("leader")
    for path in (
        "/enterprises", f"/enterprises/{county.bureau.enterprise.pk}", f"/entities/{county.bureau.enterprise.pk}",
        "/alarms", f"/alarms/{alarm.pk}", "/search?q=img", "/search/hits?q=img",
        "/lookup/entity?q=img", "/map", "/", "/wall", "/lines/enforcement", "/archive",
    ):  # fmt: skip
        page = client.get(path).content.decode()
        assert "<img src=x" not in page, path


def test_a_text_made_to_keep_patterns_busy_costs_its_own_process_alone(
    county, signed_in, monkeypatch
):
    """The rules that read a plan look very long at some texts: that is ended, said, and stops nobody else."""
    monkeypatch.setattr(review, "LIMITS", Limits(octets=20 << 20, processor=3, patience=60))
    text = ("距1" * 60_000 + "(" * 60_000).encode()
    answer = signed_in("leader").post(
        "/plans/new",
        {"area": "990101", "year": "2026", "file": SimpleUploadedFile("计划.txt", text)},
        follow=True,
    )
    assert "打不开这个文件" in answer.content.decode()


@pytest.mark.parametrize(
    "piece", ["(", " ", "1", "1,", "县", "a=", "上午", " T", "（续", "=", "第1"]
)
def test_long_cells_and_lines_are_read_at_once(piece):
    """What people type or paste passes patterns that walk it once: thirty thousand signs are nothing to them."""
    text = piece * (30_000 // len(piece))
    assert isinstance(repeats._without_carried(text), str)
    assert isinstance(written_names.plain(text), str)
    for read, wrong in (
        (written_dates.read_moment, written_dates.UnreadableDateError),
        (written_dates.read_day, written_dates.UnreadableDateError),
        (identifiers.read_lines, ValidationError),
    ):
        with suppress(wrong):
            read(text)
    with suppress(ColumnError):
        recognise([text], {"a": ["b"]}, {"a": "mg/L"})


def test_lines_of_numbers_and_terms_are_read_as_before():
    assert identifiers.read_lines(" 环评批复 = 环审〔2020〕3号 \n\n统一编码：A:1") == [
        ("环评批复", "环审〔2020〕3号"),
        ("统一编码", "A:1"),
    ]
    for wrong in ("没有等号", "= 5", "名称 ="):
        with pytest.raises(ValidationError):
            identifiers.read_lines(wrong)
    assert repeats._without_carried("整治排口（续2024年）") == "整治排口"

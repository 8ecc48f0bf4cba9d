"""Accounts: nothing appears or vanishes, no holding has less than nothing on any day, mistakes are reversed."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import COUNTY

from ecoledger.accounts.models import AuditEntry
from ecoledger.books import account as accounts
from ecoledger.books.models import Entry, Holding, Posting
from ecoledger.listings.refusals import Refused

D = Decimal
pytestmark = pytest.mark.django_db


def bring(book, holding, quantity, on, by=None):
    outside = book.outside(holding.item, "关停减排", COUNTY)
    moves = {holding: D(quantity), outside: -D(quantity)}
    return accounts.post(book, "reduction", moves, on=on, text="关停锅炉", by=by)


def use(book, holding, quantity, on, by=None):
    outside = book.outside(holding.item, "新建项目", COUNTY)
    moves = {holding: -D(quantity), outside: D(quantity)}
    return accounts.post(book, "allocation", moves, on=on, text="新建项目", by=by)


@pytest.fixture
def pool(quota):
    return quota.holding("NOx", "县总量库", COUNTY)


def test_balance_on_any_day_is_the_sum_up_to_it(quota, pool):
    bring(quota, pool, "12.500", date(2026, 3, 1))
    use(quota, pool, "4.260", date(2026, 5, 10))
    assert accounts.balance_on(pool, date(2026, 2, 28)) == 0
    assert accounts.balance_on(pool, date(2026, 3, 1)) == D("12.5")
    assert accounts.balance_on(pool, date(2026, 5, 10)) == D("8.24")
    assert Holding.objects.get(pk=pool.pk).balance == D("8.24")
    assert accounts.first_broken(quota) == ""


def test_a_statement_opens_with_what_was_there_and_closes_with_what_is_left(quota, pool):
    bring(quota, pool, 10, date(2026, 1, 5))
    use(quota, pool, 3, date(2026, 2, 5))
    bring(quota, pool, 2, date(2026, 2, 7))
    page = accounts.statement(pool, date(2026, 2, 1), date(2026, 2, 28))
    assert (page.opening, page.received, page.given, page.closing) == (10, 2, 3, 9)
    assert [line.balance for line in page.lines] == [7, 9]


def test_what_is_not_there_cannot_be_given_and_the_lack_is_named(quota, pool):
    bring(quota, pool, "1.000", date(2026, 3, 1))
    with pytest.raises(Refused, match=r"差 1\.240 t/a") as refused:
        use(quota, pool, "2.240", date(2026, 4, 1))
    assert refused.value.code == "balance"
    assert Posting.objects.count() == 1


def test_an_earlier_day_may_not_take_what_a_later_one_needs(quota, pool):
    bring(quota, pool, 10, date(2026, 3, 1))
    use(quota, pool, 9, date(2026, 6, 1))
    with pytest.raises(Refused, match="2026-06-01"):
        use(quota, pool, 2, date(2026, 4, 1))
    use(quota, pool, 1, date(2026, 4, 1))
    assert accounts.balance_on(pool, date(2026, 6, 1)) == 0


def test_a_posting_that_does_not_sum_to_zero_is_refused(quota, pool):
    with pytest.raises(Refused, match=r"收支不平，相差 5 t/a"):
        accounts.post(quota, "transfer", {pool: D(5)}, on=date(2026, 1, 1), text="凭空", by=None)
    other = quota.holding("VOCs", "县总量库", COUNTY)
    with pytest.raises(Refused, match="收支不平"):
        accounts.post(
            quota,
            "transfer",
            {pool: D(5), other: D(-5)},
            on=date(2026, 1, 1),
            text="氮氧化物换挥发性有机物",
            by=None,
        )


def test_more_digits_than_the_item_has_are_refused(quota, pool):
    with pytest.raises(Refused, match="最多 3 位小数"):
        bring(quota, pool, "0.0001", date(2026, 1, 1))


@pytest.mark.parametrize(
    "quantity", ["99999999999999999999", "1000000000.001", "1e30", "1e400", "NaN", "Infinity"]
)
def test_more_than_the_book_can_keep_is_refused_and_the_book_stays_readable(quota, pool, quantity):
    bring(quota, pool, 3, date(2026, 1, 1))
    with pytest.raises(Refused, match="数量过大：氮氧化物最多 1,000,000,000 t/a") as refused:
        bring(quota, pool, quantity, date(2026, 1, 2))
    assert refused.value.remedy
    assert [h.balance for h in Holding.objects.filter(outside=False)] == [3]
    assert accounts.first_broken(quota) == ""


def test_what_a_holding_has_stays_within_what_is_kept_of_it(quota, pool, monkeypatch):
    monkeypatch.setattr(accounts, "MOST_HELD", D(10))
    bring(quota, pool, 10, date(2026, 1, 1))
    with pytest.raises(Refused, match="数量过大：氮氧化物最多 10 t/a"):
        bring(quota, pool, "0.001", date(2026, 1, 1))
    assert accounts.balance_on(pool, date(2026, 1, 1)) == 10


def test_texts_longer_than_are_kept_are_refused_by_name(quota, pool):
    def post(**texts):
        outside = quota.outside("NOx", "关停减排", COUNTY)
        texts = {"text": "关停锅炉", **texts}
        accounts.post(
            quota, "reduction", {pool: D(1), outside: D(-1)}, on=date(2026, 1, 1), by=None, **texts
        )

    with pytest.raises(Refused, match="摘要过长，最多 200 个字"):
        post(text="长" * 201)
    with pytest.raises(Refused, match="凭据文号过长，最多 80 个字"):
        post(voucher_no="9" * 81)
    post(text="长" * 200, voucher_no="9" * 80)
    assert accounts.balance_on(pool, date(2026, 1, 1)) == 1


def test_a_mistake_is_reversed_once_by_a_posting_of_its_own(quota, pool, people):
    wrong = bring(quota, pool, 7, date(2026, 1, 1))
    right = accounts.reverse(
        quota, wrong, on=date(2026, 1, 2), reason="重复入库", by=people["approver"]
    )
    assert right.reverses == wrong
    assert accounts.balance_on(pool, date(2026, 1, 1)) == 7
    assert accounts.balance_on(pool, date(2026, 1, 2)) == 0
    with pytest.raises(Refused, match="已经冲正过"):
        accounts.reverse(quota, wrong, on=date(2026, 1, 3), reason="再来", by=None)
    with pytest.raises(Refused, match="本身是冲正"):
        accounts.reverse(quota, right, on=date(2026, 1, 3), reason="反悔", by=None)
    entry = AuditEntry.objects.get(person=people["approver"], action="test_quota.post")
    assert entry.details["reverses"] == wrong.number


def test_what_was_used_meanwhile_cannot_be_reversed_away(quota, pool):
    wrong = bring(quota, pool, 7, date(2026, 1, 1))
    use(quota, pool, 5, date(2026, 1, 1))
    with pytest.raises(Refused, match=r"差 5\.000"):
        accounts.reverse(quota, wrong, on=date(2026, 1, 2), reason="重复入库", by=None)


def test_nothing_of_the_book_is_changed_or_deleted(quota, pool):
    bring(quota, pool, 7, date(2026, 1, 1))
    for rows in (Posting.objects.all(), Entry.objects.all()):
        with pytest.raises(TypeError, match="append-only"):
            rows.delete()
        with pytest.raises(TypeError, match="append-only"):
            rows.update(on=date(2026, 2, 1))


def test_a_balance_changed_behind_the_book_is_found(quota, pool):
    bring(quota, pool, 7, date(2026, 1, 1))
    Holding.objects.filter(pk=pool.pk).update(balance=8)
    assert "县总量库" in accounts.first_broken(quota)


_moves = st.lists(
    st.tuples(
        st.sampled_from(["bring", "use"]),
        st.integers(1, 20_000).map(lambda n: D(n) / 1000),
        st.dates(date(2026, 1, 1), date(2026, 3, 31)),
    ),
    max_size=12,
)


@given(_moves)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_order_of_postings_makes_a_day_negative(quota, moves):
    Entry.objects.all()._raw_delete("default")
    Posting.objects.all()._raw_delete("default")
    Holding.objects.all().delete()
    pool = quota.holding("NOx", "县总量库", COUNTY)
    model: list[tuple[date, Decimal]] = []
    for what, quantity, on in moves:
        sign = 1 if what == "bring" else -1
        days = {d for d, _q in model} | {on}
        would = [*model, (on, sign * quantity)]
        allowed = all(sum(q for d, q in would if d <= day) >= 0 for day in days if day >= on)
        try:
            (bring if sign > 0 else use)(quota, pool, quantity, on)
            done = True
        except Refused:
            done = False
        assert done == allowed
        if done:
            model = would
    for day in {d for d, _q in model}:
        assert accounts.balance_on(pool, day) == sum(q for d, q in model if d <= day)
    assert accounts.first_broken(quota) == ""


@pytest.mark.django_db(transaction=True)
def test_two_who_take_the_last_of_it_at_once_do_not_both_get_it(quota):
    pool = quota.holding("NOx", "县总量库", COUNTY)
    bring(quota, pool, 10, date(2026, 1, 1))
    barrier, outcomes = threading.Barrier(8), []

    def take() -> None:
        barrier.wait()
        try:
            use(quota, pool, 3, date(2026, 2, 1))
            outcomes.append("taken")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["balance"] * 5 + ["taken"] * 3
    assert accounts.balance_on(pool, date(2026, 2, 1)) == 1
    numbers = list(Posting.objects.order_by("number").values_list("number", flat=True))
    assert numbers == sorted(set(numbers))
    assert accounts.first_broken(quota) == ""


@pytest.mark.django_db(transaction=True)
def test_of_those_who_reverse_a_posting_at_once_one_does_and_the_others_are_told(quota):
    pool = quota.holding("NOx", "县总量库", COUNTY)
    wrong = bring(quota, pool, 10, date(2026, 1, 1))
    barrier, outcomes = threading.Barrier(6), []

    def undo() -> None:
        barrier.wait()
        try:
            accounts.reverse(quota, wrong, on=date(2026, 1, 2), reason="重复入库", by=None)
            outcomes.append("reversed")
        except Refused as refused:
            outcomes.append(refused.why)
        finally:
            connection.close()

    threads = [threading.Thread(target=undo) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = f"凭证 {wrong.number} 已经冲正过。"
    assert sorted(outcomes) == ["reversed", *[told] * 5]
    assert accounts.balance_on(pool, date(2026, 1, 2)) == 0

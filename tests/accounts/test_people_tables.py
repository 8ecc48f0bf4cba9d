"""A later table of people brings those on record up to date, within what its uploader may grant."""

from __future__ import annotations

import pytest
from tests.small_county import COUNTY

from ecoledger.accounts.models import Person, PersonChange
from ecoledger.listings import importing
from ecoledger.listings.catalogue import listing_of

HEADS = "用户名,姓名,工作单位,职务,手机号码,岗位,数据范围\n"
LIN = "linmou,林某,测试县生态环境局,科员,13800000000,执法人员,测试县\n"


@pytest.fixture
def take(bureau, people):
    """``take(text, role)``: the reason and whether the row is wrong, of the one row of a table taken in."""

    def do(text, by="security_admin"):
        uploader = people[by] if by else None
        book = listing_of("person")
        batch = importing.preview(book, "表.csv", text.encode(), by=uploader)
        row = batch.rows.get()
        if not row.wrong:
            importing.accept(book, batch.pk, by=uploader)
        return row.reason, row.wrong

    return do


@pytest.mark.parametrize("by", ["security_admin", None])
def test_what_a_first_table_left_out_is_filled_by_a_second(take, by):
    take("账号,姓名,岗位\nlinmou,林某,执法人员\n", by)
    reason, wrong = take(HEADS + LIN, by)
    assert not wrong
    assert "13800000000" in reason
    person = Person.objects.get(username="linmou")
    assert (person.post, person.phone, person.roles) == ("科员", "13800000000", ["officer"])
    assert person.organisation.name == "测试县生态环境局"
    assert person.area_codes == [COUNTY]
    assert "没有新内容" in take("\n" + HEADS + LIN, by)[0]
    # Empty cells take nothing away.
    take("用户名,姓名,手机号,岗位\nlinmou,林某,,执法人员、审批人员\n", by)
    person.refresh_from_db()
    assert (person.phone, person.roles) == ("13800000000", ["officer", "approver"])


def test_nobody_raises_himself_and_an_administrator_is_changed_by_two(take, people):
    own = people["security_admin"]
    reason, wrong = take(f"用户名,姓名,岗位\n{own.username},新名,系统管理员\n")
    assert wrong
    assert "不能修改自己" in reason
    system = people["system_admin"]
    take(f"用户名,姓名,岗位,手机号\n{system.username},{system.name},系统管理员,13911111111\n")
    system.refresh_from_db()
    assert system.phone == ""
    assert PersonChange.objects.get(person=system).wanted["identity"] == {"phone": "13911111111"}


def test_who_is_outside_the_uploaders_area_is_not_touched(take, people):
    other = Person.objects.create(
        username="other", name="外", roles=["town"], area_codes=["880101"]
    )
    reason, wrong = take("用户名,姓名,岗位,手机号\nother,外,镇（街道）人员,13911111111\n")
    assert wrong, reason
    other.refresh_from_db()
    assert other.phone == ""


def test_a_blank_taken_out_of_a_user_name_is_said(take):
    reason, wrong = take("用户名,姓名,岗位\nlai wei,赖某,执法人员\n")
    assert not wrong
    assert "记作 laiwei" in reason

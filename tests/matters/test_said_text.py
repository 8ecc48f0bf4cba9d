"""What a form said stands on a page in words: choices by their names, moments as they are written here."""

from __future__ import annotations

import json

import pytest

from ecoledger.accounts import audit
from ecoledger.matters import actions
from ecoledger.matters.timeline import said_text
from ecoledger.registers.approval.service_requests import REGISTER as REQUESTS
from ecoledger.registers.complaints.register import REGISTER
from ecoledger.registers.soil.land_uses import LAND_USES

COLUMNS = {ask.name: ask for ask in REGISTER.fields} | {
    column.name: column.ask for column in REGISTER.import_columns
}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        # The columns of a platform's export are written in other ways than the field that keeps them.
        ("verdict", "partly", "部分属实"),
        ("satisfaction", "fairly", "基本满意"),
        ("channel", "phone", "电话"),
        ("opened_at", "2026-01-21T00:29:18.240212+00:00", "2026-01-21 08:29"),
        ("opened_at", "2026-01-21T08:29:18.240212+08:00", "2026-01-21 08:29"),
        ("opened_at", "去年冬天", "去年冬天"),
        ("opened_at", "9999-12-31T23:00:00+00:00", "9999-12-31T23:00:00+00:00"),
        ("real_name", False, "否"),
        ("answer", "已答复举报人。", "已答复举报人。"),
        ("verdict", "其他说法", "其他说法"),
        ("answer", "", "—"),
        ("lat", 33.330000000000005, "33.33"),
    ],
)
def test_a_value_is_said_in_words(name, value, said):
    assert said_text(COLUMNS.get(name), value, REGISTER.model) == said


FIELD = {
    "type": "Polygon",
    "coordinates": [[[118, 24], [118.001, 24], [118.001, 24.001], [118, 24.001], [118, 24]]],
}


def test_a_drawn_area_is_told_by_its_size_wherever_a_step_is_read(bureau, client):
    where = {ask.name: ask for ask in LAND_USES.fields}["geometry"]
    assert said_text(where, FIELD, LAND_USES.model) == "范围 11,225 ㎡"
    assert said_text(where, json.dumps(FIELD), LAND_USES.model) == "范围 11,225 ㎡"
    row = actions.open_matter(
        LAND_USES, {"title": "某片区", "area_code": "990101001", "request": "change", "use": "居住用地", "geometry": FIELD},
        by=bureau.approver,
    )  # fmt: skip
    wider = {
        **FIELD,
        "coordinates": [[[118, 24], [118.002, 24], [118.002, 24.001], [118, 24.001], [118, 24]]],
    }
    actions.amend(row.pk, {"geometry": wider}, event="amended", label="修改", by=bureau.approver)
    for reader, address in (("approver", f"/matters/land_use/{row.pk}"), ("audit_admin", "/audit")):
        client.force_login(bureau.people[reader])
        page = client.get(address).content.decode()
        assert "㎡" in page
        assert "coordinates" not in page
        assert "118.002" not in page


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"Point","coordinates":[1' + "0" * 400 + ",1]}",
        '{"":' * 1000,
        '{"type":"Point","coordinates":[118.5,24.9]}',
    ],
)
def test_what_somebody_writes_is_text_whatever_it_begins_with(bureau, client, text):
    firm = bureau.people["enterprise"]
    values = {"title": "请求", "sort": REQUESTS.model.Sort.values[0], "area_code": "990101001",
              "entity": bureau.enterprise, "description": text}  # fmt: skip
    row = actions.open_matter(REQUESTS, values, by=firm)
    audit.record(firm, "service_request.open", row, details={"note": text})
    for reader, address in (
        ("approver", f"/matters/service_request/{row.pk}"),
        ("enterprise", f"/matters/service_request/{row.pk}"),
        ("audit_admin", "/audit"),
        ("audit_admin", "/audit.xlsx"),
    ):
        client.force_login(bureau.people[reader])
        assert client.get(address).status_code == 200
    known = {ask.name: ask for ask in REQUESTS.fields}
    assert said_text(known["description"], text, REQUESTS.model) == text

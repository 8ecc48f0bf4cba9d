"""联单明细 (mechanism S-5): what manifests carried, a line a waste, as the national system exports it.

A table's rows of one number become one manifest with several wastes: accepted where a row says how much was, under
way otherwise. What is counted of transfers is counted here, so that a figure opens its lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Filter, Import, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.matters import actions
from ecoledger.matters.belonging import Belongings
from ecoledger.matters.models import Matter
from ecoledger.registers.waste.hazardous_waste import tell_changed
from ecoledger.registers.waste.manifests import MANIFEST, Manifest, ManifestItem, tell_of
from ecoledger.standards import waste
from ecoledger.standards.identifiers import parse_manifest

ACCEPTED = Q(manifest__state="accepted", manifest__withdrawn_at=None)


class Transfers(Belongings):
    """Lines of manifests; a new one comes in by a table and makes its manifest where there is none."""

    def refusal(self, person: Person, matter: Matter, *, by_table: bool = False) -> Refused | None:
        """A manifest of which no step was taken here is as this list has told it, and is told further by it."""
        if not actions.stepped(matter):
            return None
        return super().refusal(person, matter, by_table=by_table)

    def standing(self) -> Any:
        return super().standing().filter(manifest__withdrawn_at=None)

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        told = {}
        if not (code := waste.hazardous(str(values.get("code") or ""))).ok:
            told["code"] = code.wrong
        number = parse_manifest(str(values.get("manifest__manifest_no") or ""))
        known = _known(number.code) if number.ok else None
        if not number.ok:
            told["manifest_no"] = number.problems[0].text
        elif known is not None and by is not None and (refused := self.refusal(by, known)):
            told["manifest_no"] = refused.why
        elif known is not None and known.state == "draft" and values.get("accepted") is not None:
            told["accepted"] = _("接受量由接受人在运抵后填写。")
        handed, accepted = values.get("manifest__handed_on"), values.get("manifest__accepted_on")
        if handed and accepted and accepted < handed:
            told["accepted_on"] = _("接受时间早于交付时间")
        return told

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        line = self._keep(values, by, at)
        tell_of(line.manifest)
        return line

    def import_row(
        self, values: Mapping[str, Any], batch: Any, row: Any, by: Any, at: datetime
    ) -> Any:
        return self._keep(values, by, at, batch)

    def imported(self, batch: Any, made: int, by: Any, at: datetime) -> None:
        rows = ManifestItem.objects.filter(
            pk__in=batch.rows.exclude(made=None).values_list("made", flat=True)
        ).exclude(manifest__entity=None)
        tell_changed(set(rows.values_list("manifest__entity_id", "code").distinct()))

    def may_change(self, person: Person) -> bool:
        """On its manifest, not here."""
        return False

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        raise Refused("state", _("联单明细在联单上修改。"), _("请打开联单，填报移出和接受明细。"))

    def url_of(self, row: Any) -> str:
        return f"/matters/{MANIFEST.key}/{row.manifest_id}"

    def _keep(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, batch: Any = None
    ) -> Any:
        if wrong := self.wrong(values, by):
            fields = {name: [text] for name, text in wrong.items()}
            raise Refused("form", "；".join(wrong.values()), _("请按各项提示修改。"), fields)
        manifest = self._manifest(values, by, at, batch)
        said = {name: value for name, value in values.items() if not name.startswith("manifest__")}
        said["code"] = waste.hazardous(str(values["code"])).code
        line = ManifestItem(manifest=manifest, **said)
        line.save()
        return line

    def _manifest(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, batch: Any
    ) -> Manifest:
        """The manifest of that number, made where there is none yet."""
        number = parse_manifest(str(values["manifest__manifest_no"])).code
        if (known := _known(number)) is not None:
            if (
                known.entity_id != values["manifest__entity"].pk
                or known.receiver != values["manifest__receiver"]
            ):
                why = _("联单 %s 的移出或接受单位与已登记的不同。") % number
                raise Refused("form", why, _("请核对联单编号。"), {"manifest_no": [why]})
            return known
        done = (
            values.get("accepted") is not None and values.get("manifest__accepted_on") is not None
        )
        legs = [{"carrier": values["manifest__carrier"], "plate": values.get("manifest__plate") or "—",
                 "vehicle": "公路危货车"}] if values.get("manifest__carrier") else []  # fmt: skip
        made: Manifest = actions.open_matter(
            MANIFEST,
            {
                "entity": values["manifest__entity"],
                "manifest_no": number,
                "receiver": values["manifest__receiver"],
                "receiver_licence": values.get("manifest__receiver_licence") or "",
                "handed_on": values.get("manifest__handed_on"),
                "accepted_on": values.get("manifest__accepted_on") if done else None,
                "outcome": Manifest.Outcome.WHOLE.value if done else "",
                "origin": batch.file_name if batch else "",
            },
            by=by,
            at=at,
            batch=batch,
            state="accepted" if done else "moving",
            lines={"legs": legs},
        )
        return made


def _known(number: str) -> Manifest | None:
    return Manifest.objects.filter(manifest_no=number, withdrawn_at=None).first()


LINES = declare(Transfers(
    key="waste_transfer", label="联单明细", line="waste", tab="waste", model=ManifestItem, edit=BUREAU,
    area="manifest__area_code", enterprise="manifest__enterprise__code", order=("-pk",),
    columns=("manifest__manifest_no", "manifest__entity", "name", "code", "moved", "accepted", "difference",
             "differs", "method", "manifest__receiver", "manifest__handed_on", "manifest__accepted_on"),
    filters=(Filter("code"), Filter("accepted_on", path="manifest__accepted_on"),
             Filter("handed_on", path="manifest__handed_on"), "differs",
             Filter("area_code", path="manifest__area_code")),
    search=("manifest__manifest_no", "name", "code", "manifest__receiver", "manifest__entity__name"),
    labels={"manifest__entity": "移出单位", "difference": "接受减移出 t", "accepted_on": "接受时间",
            "handed_on": "交付时间", "area_code": "属地", "manifest_no": "联单编号", "sender": "移出单位",
            "receiver": "接受单位", "receiver_licence": "接受单位许可证编号", "carrier": "运输单位",
            "plate": "牌号"},
    lead="manifest__manifest_no", under=("manifest__entity",),
    fields=(Ask("manifest_no", required=True, stores="manifest__manifest_no"),
            Ask("sender", required=True, to=Enterprise, stores="manifest__entity"), "name", "code", "hazard",
            "form", "packaging", "packages", "moved",
            Ask("receiver", required=True, stores="manifest__receiver"),
            Ask("receiver_licence", required=False, stores="manifest__receiver_licence"),
            Ask("carrier", kind=Kind.TEXT, required=False, stores="manifest__carrier"),
            Ask("plate", kind=Kind.TEXT, required=False, stores="manifest__plate"),
            Ask("handed_on", required=True, stores="manifest__handed_on"),
            Ask("accepted_on", required=False, stores="manifest__accepted_on"), "method", "accepted"),
    imports=Import(
        key=("manifest_no", "code"), headers={"manifest_no": ("联单号", "联单编号", "转移联单编号"),
                         "sender": ("移出单位", "产生单位", "移出人", "产废单位"),
                         "receiver": ("接受单位", "接收单位", "接受人", "处置单位", "经营单位"),
                         "name": ("危险废物名称",), "code": ("危险废物代码", "代码"),
                         "moved": ("移出量", "转移量", "移出数量"), "accepted": ("接受量", "接收量", "接受数量"),
                         "handed_on": ("移出时间", "转移时间", "转移日期", "交付日期"),
                         "accepted_on": ("接收时间", "接受日期", "接收日期"), "method": ("处置方式", "利用处置方式"),
                         "receiver_licence": ("许可证编号", "经营许可证编号"), "plate": ("车牌号",)},
        examples={"manifest_no": "20263505000123", "sender": "示例涂装有限公司", "name": "废机油",
                  "code": "900-249-08", "moved": "1.25", "accepted": "1.25", "receiver": "示例环保有限公司",
                  "handed_on": "2026-10-24 09:00", "accepted_on": "2026-10-25 15:00"},
        future=()),
    empty="还没有联单明细。导入国家系统导出的联单，或在联单上填报。",
))  # fmt: skip
tally(
    LINES,
    "moved",
    "危险废物转移量",
    ACCEPTED,
    dated="manifest__accepted_on",
    add="moved",
    unit="t",
    decimals=2,
)
tally(LINES, "accepted", "危险废物转移处置量", ACCEPTED, dated="manifest__accepted_on", add="accepted", unit="t",
      decimals=2)  # fmt: skip

"""Factors under the names that permits, monitoring reports and manuals give them."""

from __future__ import annotations

import pytest

from ecoledger.monitoring.files.quantities import code_of
from ecoledger.monitoring.points import parameters


@pytest.mark.parametrize(
    ("kind", "names", "code"),
    [
        ("wastewater", "氨氮、氨氮（NH3-N）、NH3-N、氨氮(mg/L)、w21003", "w21003"),
        ("wastewater", "总氮（以N计）、TN", "w21001"),
        ("wastewater", "总磷（以P计）", "w21011"),
        ("wastewater", "pH值、PH、pH", "w01001"),
        ("wastewater", "化学需氧量(CODcr)、CODCr、COD", "w01018"),
        ("wastewater", "悬浮物、SS、悬浮物（SS）", "w01012"),
        ("wastewater", "五日生化需氧量、BOD5、五日生化需氧量（BOD5）", "w01017"),
        ("wastewater", "动植物油、动植物油类", "w22002"),
        ("wastewater", "流量、污水流量", "w00000"),
        ("wastewater", "总铅", "w20120"),
        ("flue_gas", "流量、废气流量", "a00000"),
        ("flue_gas", "颗粒物、烟尘、烟（粉）尘", "a34013"),
        ("flue_gas", "氮氧化物、NOX、氮氧化物（以NO2计）", "a21002"),
        ("flue_gas", "挥发性有机物、VOCs、挥发性有机物（VOCs）", "a99054"),
        ("flue_gas", "非甲烷总烃、挥发性有机物（以非甲烷总烃计）、VOCs(以NMHC计)", "a24088"),
        ("flue_gas", "林格曼黑度、烟气黑度（林格曼黑度，级）", "a01010"),
        ("flue_gas", "汞及其化合物", "a20057"),
        ("flue_gas", "氟化物", "a21018"),
        ("flue_gas", "臭气浓度、臭气浓度（无量纲）", "odour"),
        ("flue_gas", "二噁英类、总磷、颗粒物最大值、排放速率", ""),
        ("wastewater", "硫酸雾", ""),
    ],
)
def test_a_factor_is_known_under_each_of_its_names(kind, names, code):
    assert {name: code_of(name, kind) for name in names.split("、")} == dict.fromkeys(
        names.split("、"), code
    )
    assert not code or parameters.known(code, kind)

"""Units under several names, and two in one cell."""

from __future__ import annotations

import pytest

from ecoledger.standards.written_units import Units, split_units, unit_key

SAME = (
    "柳溪镇 柳溪镇人民政府 柳溪镇政府 柳溪镇党委、政府 柳溪镇党委政府 柳溪街道办事处 柳溪街道 柳溪街道党工委、办事处 柳溪乡政府",
    "住建局 县住建局 市住房和城乡建设局 某某县住房城乡建设局 县建设局",
    "市水利局 县水务局 水利局",
    "县农业农村局 农业局 某县农业农村局",
    "市城管局 县城市管理局 综合行政执法局",
    "县自然资源局 市自然资源和规划局 市资规局 国土局",
    "市工信局 县经信局 县工业和信息化局",
    "生态环境局 某州市某县生态环境局 县环保局 市生态环境局",
    "经开区 某某经济开发区管理委员会 开发区管委会 某某经济开发区管委会",
)  # fmt: skip


@pytest.mark.parametrize("names", SAME)
def test_names_of_one_unit_have_one_key(names):
    assert len({unit_key(name) for name in names.split()}) == 1


def test_different_units_have_different_keys():
    keys = [unit_key(names.split()[0]) for names in SAME]
    assert len(set(keys)) == len(SAME)
    assert unit_key("") == unit_key(None) == ""
    assert unit_key("柳溪镇") != unit_key("柳河镇")


@pytest.mark.parametrize(
    ("cell", "lead", "assisting"),
    [
        ("县住建局、柳溪镇政府", "县住建局", ("柳溪镇政府",)),
        (
            "牵头单位：县住建局；配合单位：柳溪镇政府、县水利局",
            "县住建局",
            ("柳溪镇政府", "县水利局"),
        ),
        ("县住建局（牵头）、柳溪镇", "县住建局", ("柳溪镇",)),
        ("县住建局牵头，柳溪镇配合", "县住建局", ("柳溪镇",)),
        ("柳溪镇\n县城管局", "柳溪镇", ("县城管局",)),
        ("县农业农村局和柳溪镇政府", "县农业农村局", ("柳溪镇政府",)),
        ("县自然资源和规划局", "县自然资源和规划局", ()),
        ("柳溪镇党委、政府", "柳溪镇党委政府", ()),
        ("县水利局（配合：柳溪镇）", "县水利局", ("柳溪镇",)),
        ("配合单位：县水利局；牵头单位：柳溪镇", "柳溪镇", ("县水利局",)),
        ("", "", ()),
        (None, "", ()),
    ],
)
def test_who_leads_and_who_helps(cell, lead, assisting):
    assert split_units(cell) == Units(lead, assisting)

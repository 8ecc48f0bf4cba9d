"""The city's enterprises: invented, marked （演示）, with outlets, instruments and power meters."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from demo.city import CITY_CODE, SEED, TOWN_CODE, town_centre

GAS_FACTORS = {
    # code: (name, unit, decimals, usual converted value as a share of the limit)
    "a34013": ("烟尘", "mg/m³", 2, 0.35),
    "a21026": ("二氧化硫", "mg/m³", 2, 0.40),
    "a21002": ("氮氧化物", "mg/m³", 1, 0.55),
    "a24088": ("非甲烷总烃", "mg/m³", 2, 0.40),
}
WATER_FACTORS = {
    "w01001": ("pH 值", "", 2, 0.0),
    "w01018": ("化学需氧量", "mg/L", 1, 0.45),
    "w21003": ("氨氮", "mg/L", 2, 0.30),
    "w21011": ("总磷", "mg/L", 3, 0.40),
    "w21001": ("总氮", "mg/L", 2, 0.60),
}


@dataclass(frozen=True)
class Industry:
    """What firms of an industry discharge, by which limits (synthetic, for the demonstration)."""

    name: str
    code: str
    stem: str
    gas: dict[str, float] = field(default_factory=dict)
    gas_standard: str = ""
    reference_oxygen: float | None = None
    water: dict[str, float] = field(default_factory=dict)
    water_standard: str = ""
    power: bool = False


_COD_DIRECT = {"w01018": 80.0, "w21003": 10.0, "w21011": 0.5, "w21001": 15.0}
_PLANT = {"w01018": 50.0, "w21003": 5.0, "w21011": 0.5, "w21001": 15.0}
INDUSTRIES = {
    "power": Industry(
        "火力发电",
        "4411",
        "热电",
        {"a34013": 10.0, "a21026": 35.0, "a21002": 50.0},
        "GB 13223",
        6.0,
    ),
    "boiler": Industry(
        "热力生产和供应",
        "4430",
        "供热",
        {"a34013": 20.0, "a21026": 50.0, "a21002": 150.0},
        "GB 13271",
        9.0,
    ),
    "cement": Industry(
        "水泥制造",
        "3011",
        "水泥",
        {"a34013": 20.0, "a21026": 100.0, "a21002": 320.0},
        "GB 4915",
        10.0,
    ),
    "waste": Industry(
        "生活垃圾焚烧",
        "7820",
        "环保能源",
        {"a34013": 30.0, "a21026": 100.0, "a21002": 300.0},
        "GB 18485",
        11.0,
    ),
    "steel": Industry(
        "黑色金属铸造",
        "3391",
        "铸造",
        {"a34013": 30.0, "a21026": 150.0},
        "GB 39726",
        None,
        power=True,
    ),
    "chemical": Industry(
        "有机化学原料制造",
        "2614",
        "化工",
        {"a24088": 60.0},
        "GB 31571",
        None,
        _COD_DIRECT,
        "GB 31571",
        True,
    ),
    "paint": Industry(
        "汽车零部件喷涂", "3670", "涂装", {"a24088": 60.0}, "GB 16297", None, power=True
    ),
    "printing": Industry(
        "包装印刷", "2319", "印务", {"a24088": 60.0}, "GB 41616", None, power=True
    ),
    "furniture": Industry(
        "木质家具制造", "2110", "家具", {"a24088": 60.0}, "GB 16297", None, power=True
    ),
    "plating": Industry(
        "金属表面处理", "3360", "电镀", {}, "", None, _COD_DIRECT, "GB 21900", True
    ),
    "dyeing": Industry("棉印染精加工", "1713", "印染", {}, "", None, _COD_DIRECT, "GB 4287", True),
    "paper": Industry("机制纸及纸板制造", "2221", "纸业", {}, "", None, _COD_DIRECT, "GB 3544"),
    "food": Industry("水产品冷冻加工", "1361", "食品", {}, "", None, _COD_DIRECT, "GB 8978"),
    "sewage": Industry(
        "污水处理及其再生利用", "4620", "污水处理", {}, "", None, _PLANT, "GB 18918 一级A"
    ),
}

# Town -> industries of its firms, in order: forty-four firms.
_FIRMS = {
    "东港镇": [
        "power",
        "chemical",
        "chemical",
        "chemical",
        "cement",
        "waste",
        "plating",
        "plating",
        "dyeing",
        "paint",
        "sewage",
        "steel",
    ],
    "城关街道": ["boiler", "printing", "food", "sewage", "furniture"],
    "望江街道": ["boiler", "printing", "paint", "dyeing", "furniture"],
    "石桥镇": ["cement", "steel", "furniture", "paper", "sewage"],
    "临湖镇": ["food", "food", "furniture", "sewage"],
    "河口镇": ["food", "paper", "chemical", "sewage"],
    "沙浦镇": ["paint", "printing", "food"],
    "云台镇": ["steel", "furniture", "printing"],
    "青岭镇": ["food", "furniture", "boiler"],
}
_NAMES = [
    "嘉禾",
    "明澈",
    "远航",
    "同泽",
    "瑞丰",
    "清源",
    "恒盛",
    "新川",
    "博安",
    "长青",
    "兴源",
    "天河",
    "云帆",
    "华朗",
    "盛泽",
    "金桥",
    "立新",
    "顺达",
    "永宁",
    "和润",
    "启明",
    "宏图",
    "锦程",
    "东升",
    "泰和",
    "绿洲",
    "万象",
    "中合",
    "百川",
    "通泽",
    "联创",
    "浩海",
    "德源",
    "广济",
    "安信",
    "晨光",
    "星湖",
    "白鹭",
    "蓝湾",
    "科汇",
    "四方",
    "正阳",
    "卓越",
    "创想",
    "佳美",
    "恒丰",
]


@dataclass(frozen=True)
class Firm:
    """One enterprise of the plan."""

    number: int
    name: str
    town: str
    industry: Industry
    uscc: str
    lon: float
    lat: float
    is_key: bool

    @property
    def code(self) -> str:
        return f"E-{self.number:04d}"

    @property
    def gas_edition(self) -> Literal[2005, 2017, 2025]:
        """Edition of HJ 212 its flue-gas logger speaks: old boilers 2005, newly built ones 2025."""
        if self.industry.stem == "供热":
            return 2005
        return 2025 if self.number % 4 == 0 else 2017


_USCC_SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _check_digit(first: str) -> str:
    """Check digit of a unified social credit code (GB 32100-2015)."""
    total = sum(_USCC_SYMBOLS.index(c) * pow(3, i, 31) for i, c in enumerate(first))
    return _USCC_SYMBOLS[(31 - total % 31) % 31]


def _organisation_code(number: int) -> str:
    body = f"MA{number:06d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    values = [int(c) if c.isdigit() else ord(c) - 55 for c in body]
    rest = 11 - sum(w * v for w, v in zip(weights, values, strict=True)) % 11
    return body + {10: "X", 11: "0"}.get(rest, str(rest))


def firms() -> list[Firm]:
    """The forty-four enterprises, the same at every call."""
    chance = random.Random(SEED)
    names = list(_NAMES)
    result = []
    number = 0
    for town, industries in _FIRMS.items():
        lon, lat = town_centre(TOWN_CODE[town])
        for key in industries:
            number += 1
            industry = INDUSTRIES[key]
            if key == "sewage":
                name = f"安澜市{town.rstrip('镇街道')}污水处理厂（演示）"
            else:
                name = f"安澜市{names.pop(0)}{industry.stem}有限公司（演示）"
            first = f"91{CITY_CODE}{_organisation_code(number)}"
            result.append(
                Firm(
                    number=number,
                    name=name,
                    town=town,
                    industry=industry,
                    uscc=first + _check_digit(first),
                    lon=round(lon + chance.uniform(-0.055, 0.055), 5),
                    lat=round(lat + chance.uniform(-0.035, 0.035), 5),
                    is_key=bool(industry.gas and industry.reference_oxygen) or bool(industry.water),
                )
            )
    return result

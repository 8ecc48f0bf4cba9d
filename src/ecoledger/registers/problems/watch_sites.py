"""The book of places that are swept and are no firms (重点点位)."""

from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.entities.inventory import CODE, Inventory, declare
from ecoledger.listings.parts import Import
from ecoledger.registers.problems.sweeps import WatchSite

SITES = declare(Inventory(
    key="watch_site", label="重点点位", model=WatchSite, line="rectification", letter="D",
    columns=("name", "code", "sort", "keeper", "area_code", "address"), filters=("sort", "area_code"),
    fields=("name", CODE, "sort", "keeper", "area_code", "address", "lon", "lat", "since", "until"),
    imports=Import(
        key=("name",), columns=("name", "sort", "keeper", "area_code", "address", "lon", "lat"),
        headers={"name": ("点位名称", "场所名称"), "sort": ("类别", "类型"), "keeper": ("经营单位", "责任单位"),
                 "area_code": ("所在镇街", "镇街", "属地")},
        examples={"name": "北镇建筑垃圾中转站", "sort": "建筑垃圾中转站", "area_code": "北镇"},
    ),
    edit=CAPABILITIES["edit_registry"] | {Role.DISPATCHER},
    empty="还没有重点点位。导入中转站、回收站、废弃矿山等名单，举一反三时自动列入。",
))  # fmt: skip

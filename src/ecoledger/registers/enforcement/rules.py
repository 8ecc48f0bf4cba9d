"""The bureau's own rules of enforcement: data files of this app, each replaced by one of its name in the profile."""

from __future__ import annotations

from typing import Any

from ecoledger.listings import own_data, own_files


def rules(name: str) -> dict[str, Any]:
    """The content of ``data/<name>.toml``, or of the bureau's own file of that name."""
    return own_data.read("ecoledger.registers.enforcement", name)


for _name, _label in (
    ("self_checks", "企业自查类别、项目和分级"), ("inspections", "检查频次、份额和例外"), ("penalties", "处罚裁量基准和程序数额"),
    ("file_review", "案卷评查项目"), ("damage", "损害赔偿数额和期限"),
):  # fmt: skip
    own_files.declare(own_files.Rules("ecoledger.registers.enforcement", _name, _label))

"""``ecoledger check``: what of an installation is still unsafe, one JSON line each; exit code 1 when there is any."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import click

from ecoledger.cli import check_engines, data_folder


@click.command("check")
@data_folder.option
def command(data: Path) -> None:
    """检查本机安装的安全设置，逐条列出还缺什么、怎么补。"""
    if not data.is_dir():
        raise click.ClickException(f"没有数据目录 {data}")
    mode = stat.S_IMODE(data.stat().st_mode)
    folder = data_folder.use(data)
    warnings = list(_warnings(folder, mode))
    for problem, remedy in warnings:
        print(json.dumps({"problem": problem, "remedy": remedy}, ensure_ascii=False))
    # What is not entered yet makes nothing unsafe: said, and not counted.
    ready = check_engines.reached() and not data_folder.is_behind()
    for kind, text, remedy in _missing() if ready else ():
        said = {"problem": text, "remedy": remedy, "kind": kind}
        print(json.dumps(said, ensure_ascii=False))
    raise SystemExit(1 if warnings else 0)


def _warnings(folder: Path, mode: int) -> Iterator[tuple[str, str]]:
    if mode & 0o077:
        yield f"数据目录权限为 {mode:o}，本机其他用户可读", "已改为 700；请核对备份和日志所在目录"
    key = Path(os.environ.get("ECOLEDGER_CHAIN_KEY_FILE") or folder / "chain_key").resolve()
    if key.is_relative_to(folder):
        yield "存证链密钥与数据库在同一目录", "把密钥移到数据目录之外，设 ECOLEDGER_CHAIN_KEY_FILE"
    if not os.environ.get("ECOLEDGER_HEAD_FILE"):
        yield (
            "没有设置外部存证文件，末尾的记录被删去时无从对照",
            "设 ECOLEDGER_HEAD_FILE，放在平台只能追加、不能改写的磁盘或日志主机上",
        )
    if os.environ.get("ECOLEDGER_HTTPS") != "1":
        yield (
            "没有启用 HTTPS",
            "用 ecoledger serve --certificate 证书 --key 私钥，或在前面放置代理（见 deploy/）并设 ECOLEDGER_HTTPS=1 和 ECOLEDGER_HOSTS",
        )
    if not os.environ.get("ECOLEDGER_BACKUP_KEY_FILE"):
        yield "备份没有加密", "用 ecoledger backup --key，或设 ECOLEDGER_BACKUP_KEY_FILE"
    if os.environ.get("ECOLEDGER_SECOND_FACTOR", "offered") == "offered":
        yield (
            "没有规定谁必须使用动态口令",
            "设 ECOLEDGER_SECOND_FACTOR=administrators 或 everybody（GB/T 22239 三级要求双因素）",
        )
    yield from check_engines.warnings(folder)
    if not check_engines.reached():
        return
    if data_folder.is_behind():
        yield "业务库还没有建表，或是旧版本程序的", "先备份，再运行 ecoledger migrate"
    else:
        yield from _people()


def _missing() -> Iterator[tuple[str, str, str]]:
    """What a bureau begins with and has not entered yet."""
    from ecoledger.web.office import beginning

    yield from beginning.missing()


def _people() -> Iterator[tuple[str, str]]:
    from ecoledger.accounts import grants
    from ecoledger.accounts.roles import ADMINISTRATORS
    from ecoledger.monitoring.models import Point

    for role in sorted(ADMINISTRATORS):
        if not grants.people_with((role,)).exists():
            yield f"没有{role.label}", "系统、安全、审计管理员应各有其人（三员分立）"
    open_points = Point.objects.exclude(mn=None).filter(enabled=True, password="", sm4_key="")
    if count := open_points.count():
        yield (
            f"{count} 个监测点没有现场机密码或 SM4 密钥，任何人都能以其 MN 上报",
            "在监测点上登记密码或密钥",
        )

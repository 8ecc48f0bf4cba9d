"""What ``ecoledger check`` says of the engines: settings that agree, and PostgreSQL (the other servers: ``check_servers``)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ecoledger.cli import check_servers

# Oldest that this version of the program is tried on.
POSTGRESQL = 14


def warnings(folder: Path) -> Iterator[tuple[str, str]]:
    """Each problem of the engines with its remedy."""
    database, store, bus = (
        os.environ.get(f"ECOLEDGER_{name}", "") for name in ("DATABASE", "STORE", "BUS")
    )
    if not (database or store or bus):
        return
    yield from _settings(folder, database, store, bus)
    if database:
        yield from _postgresql()
    if store:
        yield from check_servers.of_store(store)
    if bus:
        yield from check_servers.of_bus(bus)


def reached() -> bool:
    """Whether the business database answers, so that the rest can be asked of it."""
    from django.db import Error, connection

    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return False
    try:
        connection.ensure_connection()
    except Error:
        return False
    return True


def _settings(folder: Path, database: str, store: str, bus: str) -> Iterator[tuple[str, str]]:
    if bus and not (database and store):
        yield (
            "设了 ECOLEDGER_BUS，但没有同时设 ECOLEDGER_DATABASE 和 ECOLEDGER_STORE",
            "多进程须共用业务库和观测库：三项一起设，或都不设",
        )
    if store and not database:
        yield (
            "设了 ECOLEDGER_STORE，而业务库仍是内置的",
            "内置业务库只供一个进程：先用 ecoledger move 搬到 PostgreSQL，再设 ECOLEDGER_DATABASE",
        )
    if database and not os.environ.get("ECOLEDGER_SECRET_KEY") and not _shared(folder):
        yield (
            "没有设 ECOLEDGER_SECRET_KEY，数据目录也不在共享盘上",
            "各机须用同一签名密钥（否则换一台机器就要重新登录）：设 ECOLEDGER_SECRET_KEY，或共用数据目录",
        )
    if urlsplit(database).password and not os.environ.get("ECOLEDGER_DATABASE_PASSWORD_FILE"):
        yield (
            "数据库密码写在环境变量里，同机的管理员和崩溃转储都看得到",
            "把密码放进只有服务账号可读的文件，设 ECOLEDGER_DATABASE_PASSWORD_FILE",
        )
    host = urlsplit(database).hostname or ""
    local = host in ("", "localhost") or host.startswith("127.")
    if database and not local and "sslmode=verify-full" not in database:
        yield (
            "与数据库服务器之间没有核对证书",
            "在 ECOLEDGER_DATABASE 末尾加 ?sslmode=verify-full&sslrootcert=…",
        )


def _shared(folder: Path) -> bool:
    """Whether the folder lies on a disk of the network."""
    kinds = ("nfs", "nfs4", "cifs", "ceph", "fuse.glusterfs", "glusterfs", "fuse.juicefs")
    best, kind = "", ""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, sort, *_ = line.split()
        if folder.is_relative_to(place) and len(place) >= len(best):
            best, kind = place, sort
    return kind in kinds


def _postgresql() -> Iterator[tuple[str, str]]:
    from django.db import Error, connection

    try:
        with connection.cursor() as cursor:
            yield from _of_server(cursor)
    except Error as error:
        first = str(error).strip().splitlines()[0]
        yield f"业务库连不上：{first}", "检查 ECOLEDGER_DATABASE 的地址、用户、密码和 pg_hba.conf"


def _of_server(cursor: Any) -> Iterator[tuple[str, str]]:
    cursor.execute(
        "SELECT current_setting('server_version_num')::int / 10000,"
        " current_setting('server_encoding'), current_setting('synchronous_commit'),"
        " current_setting('fsync'), current_setting('max_connections')::int,"
        " (SELECT datcollate FROM pg_database WHERE datname = current_database())"
    )
    version, encoding, commit, fsync, connections, collation = cursor.fetchone()
    if version < POSTGRESQL:
        yield f"PostgreSQL {version} 太旧", f"升级到 {POSTGRESQL} 或更新"
    if encoding != "UTF8":
        yield f"数据库编码为 {encoding}", "以 ENCODING 'UTF8' 重建数据库，用 ecoledger move 搬入"
    if collation not in ("C", "POSIX", "C.UTF-8", "C.utf8"):
        yield (
            f"数据库排序规则为 {collation}：排列顺序与内置库不同，按行政区划代码的查找用不上索引",
            "以 TEMPLATE template0 LOCALE 'C' 重建数据库，用 ecoledger move 搬入",
        )
    if fsync != "on" or commit == "off":
        yield "数据库没有等写盘就确认，断电会丢记录", "设 fsync=on、synchronous_commit=on"
    if connections < 100:
        yield f"数据库只许 {connections} 个连接", "每个进程约用 40 个：设 max_connections=200 以上"

"""What ``ecoledger check`` says of the servers of observations and packets: do they answer, how old are they, what lacks.

Asked without the drivers of the extra ``cluster``: a machine where they are missing may be checked too.
"""

from __future__ import annotations

import importlib.util
import json
import re
import socket
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import requests

from ecoledger.store.clickhouse.link import parts_of

# Oldest that the program is written for.
CLICKHOUSE = (23,)
NATS = (2, 10)
PATIENCE = 5.0


class _RefusedError(Exception):
    """The server answers, but not this user."""


def of_store(address: str) -> Iterator[tuple[str, str]]:
    """Each problem of the ClickHouse at ``ECOLEDGER_STORE`` with its remedy."""
    if address.startswith("chdb:"):
        return
    try:
        if urlsplit(address).scheme not in {"clickhouse", "clickhouses"}:
            raise ValueError(address)
        url, _, user, password, options = parts_of(address)
    except ValueError:
        yield (
            "ECOLEDGER_STORE 不是观测库的地址",
            "应写作 clickhouse://用户:密码@主机:8123/ecoledger",
        )
        return

    def ask(sql: str) -> str:
        headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}
        answer = requests.get(url, params={"query": sql}, headers=headers, timeout=PATIENCE)
        if answer.status_code != 200:
            raise _RefusedError(f"HTTP {answer.status_code}")
        return answer.text.strip()

    try:
        version = ask("SELECT version()")
        if _numbers(version) < CLICKHOUSE:
            yield f"ClickHouse {version} 太旧", f"升级到 {CLICKHOUSE[0]} 或更新"
        name = options.get("cluster", "")
        if re.fullmatch(r"\w+", name):
            if ask(f"SELECT count() FROM system.clusters WHERE cluster = '{name}'") == "0":
                yield f"ClickHouse 的配置里没有集群 {name}", "在各机 remote_servers 中写明该集群"
            elif options.get("replicated", "1") == "1" and (
                ask("SELECT count() FROM system.macros WHERE macro IN ('shard', 'replica')") != "2"
            ):
                yield (
                    "ClickHouse 没有写明本机是哪一分片、哪一副本",
                    "在各机 macros 中设 shard 和 replica，并配置 ClickHouse Keeper",
                )
    except _RefusedError as error:
        yield f"ClickHouse 拒绝回答：{error}", "检查 ECOLEDGER_STORE 的用户和密码"
    except requests.RequestException as error:
        where = urlsplit(url)
        yield (
            f"ECOLEDGER_STORE 所指的服务器连不上：{where.hostname}:{where.port} {type(error).__name__}",
            "检查该服务器是否启动、地址和防火墙",
        )


def of_bus(address: str) -> Iterator[tuple[str, str]]:
    """Each problem of the NATS servers at ``ECOLEDGER_BUS`` with its remedy."""
    parts = urlsplit(address)
    if parts.scheme not in {"nats", "tls"} or not parts.netloc:
        yield "ECOLEDGER_BUS 不是消息总线的地址", "应写作 nats://主机:4222"
        return
    if importlib.util.find_spec("nats") is None:
        yield "没有安装消息总线的驱动", "pip install 'ecoledger[cluster]'"
    hosts = parts.netloc.rpartition("@")[2].split(",")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    for name in ("replicas", "partitions", "most_mb"):
        if not re.fullmatch(r"[1-9]\d{0,8}", options.get(name, "1")):
            yield f"ECOLEDGER_BUS 的 {name} 不是正整数：{options[name]}", f"如 {name}=3"
            return
    replicas = int(options.get("replicas", "1"))
    if replicas > len(hosts):
        yield (
            f"ECOLEDGER_BUS 要 {replicas} 份副本，只写了 {len(hosts)} 台服务器",
            "把 NATS 集群的每台服务器都写进地址，以逗号分开",
        )
    for host in hosts:
        yield from _of_nats(host)


def _of_nats(host: str) -> Iterator[tuple[str, str]]:
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname or "", parts.port or 4222
    except ValueError:
        yield f"ECOLEDGER_BUS 中的 {host} 不是地址", "应写作 主机:4222，多台以逗号分开"
        return
    try:
        with socket.create_connection((name, port), timeout=PATIENCE) as connection:
            # The server speaks first: one line that says what it is.
            said = connection.makefile("rb").readline()
    except OSError as error:
        yield (
            f"ECOLEDGER_BUS 所指的服务器连不上：{name}:{port} {error.strerror or error}",
            "检查该服务器是否启动、地址和防火墙",
        )
        return
    if not said.startswith(b"INFO "):
        yield f"{host} 不是 NATS 服务器", "改正 ECOLEDGER_BUS"
        return
    server = json.loads(said[5:])
    if _numbers(server["version"]) < NATS:
        yield f"NATS {server['version']} 太旧（{host}）", f"升级到 {NATS[0]}.{NATS[1]} 或更新"
    if not server.get("jetstream"):
        yield (
            f"NATS 没有开启 JetStream（{host}）",
            "在其配置中加 jetstream { sync_interval: always }",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))

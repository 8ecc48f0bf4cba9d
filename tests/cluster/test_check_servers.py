"""``ecoledger check`` on servers that run: what is too old, switched off or missing is named with its remedy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.cluster import clickhouse_server, nats_server, places
from tests.cluster.nats_server import Nats

from ecoledger.cli import check_servers


@pytest.mark.skipif(nats_server.program() is None, reason="there is no NATS server")
def test_each_server_of_the_bus_is_looked_at(tmp_path):
    pytest.importorskip("nats")
    plain = Nats(tmp_path / "plain")
    (tmp_path / "plain" / "nats.conf").write_text(f'listen: "127.0.0.1:{plain.port}"\n')
    with Nats(tmp_path / "whole") as whole, plain:
        assert list(check_servers.of_bus(whole.url(prefix="x"))) == []
        address = f"nats://u:p@127.0.0.1:{whole.port},127.0.0.1:{plain.port}?replicas=3"
        problems = [problem for problem, _ in check_servers.of_bus(address)]
    assert len(problems) == 2
    assert "3 份副本，只写了 2 台" in problems[0]
    assert f"没有开启 JetStream（127.0.0.1:{plain.port}）" in problems[1]
    assert "连不上" in next(check_servers.of_bus(f"nats://127.0.0.1:{plain.port}"))[0]


@pytest.mark.skipif(
    clickhouse_server.program() is None, reason="clickhouse-server is not installed"
)
def test_a_store_that_is_too_old_or_lacks_its_cluster_is_named():
    with clickhouse_server.started(1) as (server,):
        address = f"clickhouse://127.0.0.1:{server.http}/ecoledger"
        (old,) = check_servers.of_store(address)
        assert "ClickHouse 18.16" in old[0]
        assert "太旧" in old[0]
        problems = [problem for problem, _ in check_servers.of_store(f"{address}?cluster=nowhere")]
        assert any("没有集群 nowhere" in problem for problem in problems)
        problems = [problem for problem, _ in check_servers.of_store(f"{address}?cluster=eco")]
        assert any("哪一分片" in problem for problem in problems)
        stranger = address.replace("127.0.0.1", "nobody:wrong@127.0.0.1")
        assert "拒绝回答" in next(check_servers.of_store(stranger))[0]


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("nats://127.0.0.1:1?replicas=three", "replicas 不是正整数：three"),
        ("nats://127.0.0.1:1?partitions=0", "partitions 不是正整数：0"),
        ("nats://127.0.0.1:port", "127.0.0.1:port 不是地址"),
        ("nats://[::1]:1", "::1:1"),
        ("http://127.0.0.1:4222", "不是消息总线的地址"),
    ],
)
def test_an_address_of_the_bus_that_says_nothing_is_named(address, problem):
    assert any(problem in said for said, _ in check_servers.of_bus(address))


@pytest.mark.parametrize(
    "address", ["http://store:8123/ecoledger", "store:8123", "clickhouse://store:port/ecoledger"]
)
def test_an_address_of_the_store_that_is_none_is_named(address):
    ((problem, remedy),) = check_servers.of_store(address)
    assert "不是观测库的地址" in problem
    assert "clickhouse://" in remedy


def test_a_database_without_tables_is_named_and_the_rest_is_said(new_database, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ecoledger", "check", "--data", str(tmp_path)],
        capture_output=True, text=True, check=False, env=places.on(new_database()),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    problems = [json.loads(line)["problem"] for line in done.stdout.splitlines()]
    assert any("还没有建表" in problem for problem in problems)
    assert any("没有启用 HTTPS" in problem for problem in problems)

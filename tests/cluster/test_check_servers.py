"""``ecoledger check`` on servers that run: what is too old, switched off or missing is named with its remedy."""

from __future__ import annotations

import pytest
from tests.cluster import clickhouse_server, nats_server
from tests.cluster.nats_server import Nats

from ecoledger.cli import check_servers


@pytest.mark.skipif(nats_server.program() is None, reason="there is no NATS server")
def test_each_server_of_the_bus_is_looked_at(tmp_path):
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

"""What ``deploy/`` hands out is true: its commands and settings exist, its files name each other, NATS takes its configuration."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import pytest
import yaml
from tests.cluster import nats_server

from ecoledger.cli import main

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = sorted(DEPLOY.glob("*.compose.yml"))
UNITS = sorted(DEPLOY.glob("*.service"))
# What a compose file may say of a service, as far as these do.
KEYS = {"image", "command", "environment", "secrets", "configs", "volumes", "ports", "depends_on", "healthcheck",
        "profiles", "restart", "stop_grace_period", "ulimits", "deploy"}  # fmt: skip
SETTINGS = set(
    re.findall(
        r"[\"'](ECOLEDGER_[A-Z_]+)[\"']",
        "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py")),
    )
)
# By program: the environment it reads, and where it keeps what must last.
READ = {
    "ecoledger": SETTINGS | {"FORWARDED_ALLOW_IPS"},
    "postgres": {
        "POSTGRES_USER",
        "POSTGRES_DB",
        "POSTGRES_PASSWORD_FILE",
        "POSTGRES_INITDB_ARGS",
    },
    "nats": set(),
    "clickhouse-server": {"SHARD", "REPLICA", "CLICKHOUSE_SKIP_USER_SETUP"},
    "clickhouse-keeper": set(),
}
DATA = {
    "ecoledger": {"/data"},
    "postgres": {"/var/lib/postgresql/data"},
    "nats": {"/stream"},
    "clickhouse-server": {"/var/lib/clickhouse"},
    "clickhouse-keeper": {"/var/lib/clickhouse-keeper"},
}


def parsed(arguments: list[str]) -> str:
    """The name of the command that such a line begins; raises for one that does not exist, or an option it has not."""
    name, *rest = arguments
    command = main.get_command(click.Context(main), name)
    assert command is not None, name
    command.make_context(name, rest)
    return name


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_exists(unit: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ECOLEDGER_DATA", str(tmp_path))
    (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
    program, *arguments = shlex.split(line.replace("%i", "8001"))
    assert program.endswith("/ecoledger")
    assert parsed(arguments) in {"serve", "gateway", "writer"}


@pytest.mark.parametrize("file", COMPOSE, ids=lambda path: path.name)
def test_a_compose_file_names_what_it_has(file: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ECOLEDGER_DATA", str(tmp_path))
    said: dict[str, Any] = yaml.safe_load(file.read_text())
    services = said["services"]
    for service in services.values():
        if service["image"] == "ecoledger":
            assert parsed(service["command"][1:])
            for name in ("DATABASE", "STORE", "BUS"):
                address = service["environment"].get(f"ECOLEDGER_{name}", "")
                for host in filter(None, urlsplit(address).netloc.rpartition("@")[2].split(",")):
                    assert host.partition(":")[0] in services
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in said["volumes"]
        assert set(service.get("secrets", ())) <= set(said["secrets"])
        assert {c["source"] for c in service.get("configs", ())} <= set(said.get("configs", ()))
    for config in said.get("configs", {}).values():
        assert (DEPLOY / config["file"]).exists()


@pytest.mark.parametrize(
    "file", [DEPLOY / "cluster.env", *COMPOSE, *UNITS], ids=lambda path: path.name
)
def test_every_setting_is_one_that_the_program_reads(file: Path) -> None:
    names = set(re.findall(r"(ECOLEDGER_\w+)[=:]", file.read_text()))
    assert names <= SETTINGS, names - SETTINGS


def test_the_stores_configuration_is_that_of_the_address() -> None:
    said = yaml.safe_load((DEPLOY / "several-servers.compose.yml").read_text())
    store = ET.parse(DEPLOY / "clickhouse.xml").getroot()  # noqa: S314 - our own file
    address = said["x-ecoledger"]["environment"]["ECOLEDGER_STORE"]
    (name,) = parse_qs(urlsplit(address).query)["cluster"]
    servers = {host.text: number for number, shard in enumerate(store.findall(f"remote_servers/{name}/shard"), 1)
               for host in shard.findall("replica/host")}  # fmt: skip
    environments = {
        host: service["environment"]
        for host, service in said["services"].items()
        if host.startswith("store-")
    }
    assert {host: str(number) for host, number in servers.items()} == {
        host: environment["SHARD"] for host, environment in environments.items()
    }
    assert len({tuple(environment.values()) for environment in environments.values()}) == 4


def test_the_keepers_configuration_is_that_of_the_store_and_its_data_lie_on_the_volume() -> None:
    keeper = ET.parse(DEPLOY / "keeper.xml").getroot()  # noqa: S314 - our own file
    store = ET.parse(DEPLOY / "clickhouse.xml").getroot()  # noqa: S314 - our own file
    services = yaml.safe_load((DEPLOY / "several-servers.compose.yml").read_text())["services"]
    node = store.find("zookeeper/node")
    assert node is not None
    service = services[node.findtext("host", "")]
    assert node.findtext("port") == keeper.findtext("keeper_server/tcp_port")
    assert keeper.findtext("listen_host") not in {None, "127.0.0.1", "::1"}
    (volume,) = service["volumes"]
    for name in ("log_storage_path", "snapshot_storage_path"):
        path = Path(keeper.findtext(f"keeper_server/{name}", ""))
        assert path.is_relative_to(volume.partition(":")[2])


@pytest.mark.parametrize("file", COMPOSE, ids=lambda path: path.name)
def test_a_compose_file_sets_what_its_programs_read_and_publishes_pages_to_the_proxy_alone(
    file: Path,
) -> None:
    for name, service in yaml.safe_load(file.read_text())["services"].items():
        program = service["image"].partition(":")[0].rpartition("/")[2]
        known = READ[program]
        assert set(service.get("environment", ())) <= known, name
        assert set(service) <= KEYS, name
        published = [port.rsplit(":", 2) for port in service.get("ports", ())]
        outside = {inside for *where, _, inside in published if where != ["127.0.0.1"]}
        assert outside <= {"9212"}, name
        if {inside for *_, inside in published} - outside:
            # Only then may whoever reaches the pages say whom he speaks for.
            assert service["environment"]["FORWARDED_ALLOW_IPS"] == "*"
        elif program == "ecoledger" and "serve" in service["command"]:
            raise AssertionError(f"nobody reaches the pages of {name}")
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[2] in DATA[program], name


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_is_tried_again_for_as_long_as_what_it_needs_is_away(unit: Path) -> None:
    said = configparser.ConfigParser(strict=False, interpolation=None)
    said.optionxform = str  # type: ignore[assignment,method-assign]
    said.read_string(unit.read_text())
    assert said["Unit"]["StartLimitIntervalSec"] == "0"
    assert said["Service"]["Restart"] in {"always", "on-failure"}
    assert int(said["Service"]["RestartSec"]) >= 1
    folder = "/srv/ecoledger/data"
    assert said["Unit"]["RequiresMountsFor"] == folder
    writable = said["Service"]["ReadWritePaths"].split()
    assert any(Path(folder).is_relative_to(path) for path in writable)
    environment = unit.read_text() + (DEPLOY / "cluster.env").read_text()
    assert f"ECOLEDGER_DATA={folder}" in environment


@pytest.mark.skipif(nats_server.program() is None, reason="there is no NATS server")
def test_nats_takes_its_configuration() -> None:
    done = subprocess.run(
        [str(nats_server.program()), "--config", DEPLOY / "nats.conf", "--name", "bus1", "-t"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    bus = yaml.safe_load((DEPLOY / "several-servers.compose.yml").read_text())["services"]
    hosts = re.findall(r"nats://(\w+):6222", (DEPLOY / "nats.conf").read_text())
    assert sorted(hosts) == sorted(name for name in bus if name.startswith("bus"))

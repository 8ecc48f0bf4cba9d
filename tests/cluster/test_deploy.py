"""What ``deploy/`` hands out is true: its commands and settings exist, its files name each other, NATS takes its configuration."""

from __future__ import annotations

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
    source = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    for name in set(re.findall(r"ECOLEDGER_(\w+)[=:]", file.read_text())):
        assert f"ECOLEDGER_{name}" in source or f'"{name}"' in source, name


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

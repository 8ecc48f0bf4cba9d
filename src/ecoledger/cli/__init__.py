"""The command ``ecoledger``. Each group lives in its own module and is imported only when called for."""

from __future__ import annotations

import importlib
from typing import Any

import click

# name -> "module:attribute"; a module that needs Django sets it up itself.
_COMMANDS = {
    "hj212": "ecoledger.cli.hj212:command",
    "evaluate": "ecoledger.cli.evaluate:command",
    "analyse": "ecoledger.cli.science_analyse:command",
    "trace": "ecoledger.cli.science_trace:command",
    "tracks": "ecoledger.cli.science_tracks:command",
    "alarms": "ecoledger.cli.alarms:command",
    "standards": "ecoledger.cli.standards:command",
    "workdays": "ecoledger.cli.workdays:command",
    "serve": "ecoledger.cli.serve:command",
    "gateway": "ecoledger.cli.bus_roles:gateway",
    "writer": "ecoledger.cli.bus_roles:writer",
    "check": "ecoledger.cli.check:command",
    "backup": "ecoledger.cli.backup:backup",
    "restore": "ecoledger.cli.backup:restore",
    "import": "ecoledger.cli.observations:command",
    "enter": "ecoledger.cli.enter:command",
    "person": "ecoledger.cli.person:command",
    "migrate": "ecoledger.cli.migrate:command",
    "move": "ecoledger.cli.move:command",
    "plan": "ecoledger.cli.plan:command",
    "report": "ecoledger.cli.report:command",
    "draw": "ecoledger.cli.draw:command",
}


class LazyGroup(click.Group):
    """A group that imports a subcommand's module only when it is run or its help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ecoledger")
def main(**_: Any) -> None:
    """EcoLedger · 生态一本账."""

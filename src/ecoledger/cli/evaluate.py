"""``ecoledger evaluate``: CSV in, CSV out, by the standards in force on the data's date."""

import click

from ecoledger.cli import evaluate_air, evaluate_water

command = click.Group(
    "evaluate",
    help=__doc__,
    commands={
        "air-hourly": evaluate_air.air_hourly,
        "air-daily": evaluate_air.air_daily,
        "air-period": evaluate_air.air_period,
        "surface-water": evaluate_water.surface_water,
        "groundwater": evaluate_water.groundwater,
        "sea": evaluate_water.sea,
        "noise": evaluate_water.noise,
        "emission": evaluate_water.emission,
    },
)

"""``python -m ecoledger`` is the command ``ecoledger``."""

from ecoledger.cli import main

main(prog_name="ecoledger")

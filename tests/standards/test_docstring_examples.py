"""The examples in the docstrings hold, in every module that has some."""

import doctest
import importlib
import pkgutil

import pytest

import ecoledger.standards

MODULES = [
    module
    for found in pkgutil.iter_modules(ecoledger.standards.__path__)
    if ">>> " in (module := importlib.import_module(f"ecoledger.standards.{found.name}")).__doc__
    or any(">>> " in (getattr(member, "__doc__", None) or "") for member in vars(module).values())
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_examples(module):
    assert doctest.testmod(module).failed == 0


def test_most_modules_show_an_example():
    assert len(MODULES) > 20

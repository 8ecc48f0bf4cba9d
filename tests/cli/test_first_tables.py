"""The tables of a first start are made from the models; the migrations must lead to nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from django.apps import apps
from django.db import migrations

TABLES_ALONE = (
    migrations.CreateModel,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.AlterModelTable,
    migrations.AlterUniqueTogether,
    migrations.AddField,
    migrations.AlterField,
    migrations.RemoveField,
    migrations.RenameField,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    migrations.AddConstraint,
    migrations.RemoveConstraint,
)


def _own_migrations():
    for app in apps.get_app_configs():
        if app.name.startswith("ecoledger") and Path(app.path, "migrations").is_dir():
            package = importlib.import_module(f"{app.name}.migrations")
            for module in pkgutil.iter_modules(package.__path__):
                yield importlib.import_module(f"{package.__name__}.{module.name}").Migration


def test_migrations_change_tables_alone():
    own = list(_own_migrations())
    others = [
        (migration.__module__, operation)
        for migration in own
        for operation in migration.operations
        if not isinstance(operation, TABLES_ALONE)
    ]
    assert len(own) > 10
    assert others == []

"""The tables of an empty business database, made at once from today's models.

Walking the migrations leads to the same tables, but Django renders every model anew for each of them: 24 seconds of
processor for 200 models, against 2. The migrations are then marked as done, so that the next version goes on from
here. What a migration would do besides (data, SQL of its own) must be done at start-up instead; a test holds them
to tables alone.
"""

from __future__ import annotations


def create(verbosity: int = 0, using: str = "default") -> None:
    """Make every table, index and constraint in the empty database of a connection."""
    from django.apps import apps
    from django.core.management.sql import emit_post_migrate_signal
    from django.db import connections
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder

    connection = connections[using]
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy and not model._meta.swapped:
                editor.create_model(model)
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    for app, name in sorted(MigrationLoader(connection).graph.nodes):
        recorder.record_applied(app, name)
    emit_post_migrate_signal(verbosity, False, connection.alias)

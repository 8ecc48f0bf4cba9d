"""The time of a recorded fact does not lie ahead: asked of whoever enters it, nothing changes in the tables."""

import django.utils.timezone
from django.db import migrations, models

import ecoledger.books.models


class Migration(migrations.Migration):
    dependencies = [("books", "0002_owed_is_not_done")]

    operations = [
        migrations.AlterField(
            model_name="logentry",
            name="at",
            field=models.DateTimeField(
                db_index=True,
                default=django.utils.timezone.now,
                validators=[ecoledger.books.models.has_happened],
                verbose_name="时间",
            ),
        )
    ]

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("entities", "0002_list_index"),
        ("waste", "0002_ledgers"),
    ]

    operations = [
        migrations.AddField(
            model_name="manifest",
            name="receiver_firm",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="entities.entity",
                verbose_name="接受单位档案",
            ),
        ),
    ]

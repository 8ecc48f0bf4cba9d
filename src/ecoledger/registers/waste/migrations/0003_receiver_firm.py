import django.db.models.deletion
from django.db import migrations, models


def know_receivers(apps, schema_editor):
    """Whom the receivers of the manifests that are there are here, where one firm alone goes by that name."""
    manifests = apps.get_model("waste", "Manifest").objects
    things = apps.get_model("entities", "Entity").objects.select_related("parent")
    for name in set(manifests.order_by().values_list("receiver", flat=True)):
        named = things.filter(name=name, kind__in=("enterprise", "disposal_unit"), until=None)
        firms = {(thing.parent if thing.kind != "enterprise" else thing) for thing in named} - {None}
        if len(firms) == 1:
            manifests.filter(receiver=name).update(receiver_firm=firms.pop())


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
        migrations.RunPython(know_receivers, migrations.RunPython.noop),
    ]

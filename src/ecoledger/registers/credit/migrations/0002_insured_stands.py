from django.db import migrations


def stand(apps, schema_editor):
    """A policy in force is no open work."""
    matters = apps.get_model("matters", "Matter").objects
    matters.filter(register="insurance_policy", state="insured").update(phase="done")


class Migration(migrations.Migration):
    dependencies = [
        ("credit", "0001_initial"),
        ("matters", "0001_initial"),
    ]

    operations = [migrations.RunPython(stand, migrations.RunPython.noop)]

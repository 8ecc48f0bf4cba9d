"""Until when a certificate holds is kept by the book of officers, which alone asks for it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RemoveField(model_name="person", name="certificate_until")]

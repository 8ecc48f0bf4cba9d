"""What is owed says that it is not done, also after its day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("books", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="obligation",
            name="state",
            field=models.CharField(
                choices=[("due", "未履行"), ("done", "已履行"), ("waived", "免除")],
                default="due",
                max_length=10,
                verbose_name="状态",
            ),
        )
    ]

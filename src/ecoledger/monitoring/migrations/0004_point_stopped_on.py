from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0003_stop_ignored'),
    ]

    operations = [
        migrations.AddField(
            model_name='point',
            name='stopped_on',
            field=models.DateField(blank=True, editable=False, null=True, verbose_name='停用日期'),
        ),
    ]

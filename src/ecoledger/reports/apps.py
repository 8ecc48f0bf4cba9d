from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "ecoledger.reports"
    label = "reports"
    verbose_name = "报告"

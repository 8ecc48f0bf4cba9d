from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "ecoledger.indicators"
    label = "indicators"
    verbose_name = "指标"

from django.apps import AppConfig


class AirSourcesConfig(AppConfig):
    name = "ecoledger.registers.air_sources"
    label = "air_sources"
    verbose_name = "大气污染源"

from importlib import import_module

from django.apps import AppConfig


class AirSourcesConfig(AppConfig):
    name = "ecoledger.registers.air_sources"
    label = "air_sources"
    verbose_name = "大气污染源"

    def ready(self) -> None:
        """Declare the book that looks at the alarms of monitoring, once every model is known."""
        import_module("ecoledger.registers.air_sources.site_alarms")

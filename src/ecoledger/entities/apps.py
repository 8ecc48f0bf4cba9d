from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "ecoledger.entities"
    label = "entities"
    verbose_name = "对象台账"

    def ready(self) -> None:
        """Make its look-ups known to forms and imports."""
        from ecoledger.entities import lookups  # noqa: F401

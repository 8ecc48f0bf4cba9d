from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "ecoledger.entities"
    label = "entities"
    verbose_name = "对象台账"

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "ecoledger.registry"
    label = "registry"
    verbose_name = "对象台账"

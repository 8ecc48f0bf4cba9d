from django.apps import AppConfig


class RegistersConfig(AppConfig):
    name = "ecoledger.registers"
    label = "registers"
    verbose_name = "业务台账"

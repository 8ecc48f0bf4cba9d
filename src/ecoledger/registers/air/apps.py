from django.apps import AppConfig


class AirConfig(AppConfig):
    name = "ecoledger.registers.air"
    label = "air"
    verbose_name = "大气"

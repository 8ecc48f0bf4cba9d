from django.apps import AppConfig


class WasteConfig(AppConfig):
    name = "ecoledger.registers.waste"
    label = "waste"
    verbose_name = "固废辐射"

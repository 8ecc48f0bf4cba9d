from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "ecoledger.registers.office"
    label = "office"
    verbose_name = "综合办公"

from django.apps import AppConfig


class PublicityConfig(AppConfig):
    name = "ecoledger.registers.publicity"
    label = "publicity"
    verbose_name = "宣传教育"

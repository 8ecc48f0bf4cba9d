from django.apps import AppConfig


class MattersConfig(AppConfig):
    name = "ecoledger.matters"
    label = "matters"
    verbose_name = "事项"

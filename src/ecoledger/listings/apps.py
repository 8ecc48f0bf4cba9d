from django.apps import AppConfig


class ListingsConfig(AppConfig):
    name = "ecoledger.listings"
    label = "listings"
    verbose_name = "台账"

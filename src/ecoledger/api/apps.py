from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "ecoledger.api"
    label = "api"
    verbose_name = "接口"

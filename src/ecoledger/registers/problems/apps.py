from django.apps import AppConfig


class ProblemsConfig(AppConfig):
    name = "ecoledger.registers.problems"
    label = "problems"
    verbose_name = "督察整改"

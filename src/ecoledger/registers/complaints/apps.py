from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    name = "ecoledger.registers.complaints"
    label = "complaints"
    verbose_name = "信访投诉"

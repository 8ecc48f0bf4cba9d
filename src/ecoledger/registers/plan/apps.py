from django.apps import AppConfig


class PlanConfig(AppConfig):
    name = "ecoledger.registers.plan"
    label = "plan"
    verbose_name = "年度计划"

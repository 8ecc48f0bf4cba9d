from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "ecoledger.monitoring"
    label = "monitoring"
    verbose_name = "监测监控"

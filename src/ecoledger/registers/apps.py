from importlib.util import find_spec

from django.apps import AppConfig


class RegistersConfig(AppConfig):
    name = "ecoledger.registers"
    label = "registers"
    verbose_name = "业务台账"

    def ready(self) -> None:
        from ecoledger.registers.alarm_case import open_from_alarm

        if find_spec("ecoledger.monitoring.alarms"):
            from ecoledger.monitoring import alarms

            alarms.on_raised.append(open_from_alarm)

from django.apps import AppConfig


class RegistersConfig(AppConfig):
    name = "ecoledger.registers"
    label = "registers"
    verbose_name = "业务台账"

    def ready(self) -> None:
        from ecoledger.monitoring.alarming import alarms
        from ecoledger.registers import alarm_case

        alarms.on_raised.append(alarm_case.raised)
        alarms.on_repeated.append(alarm_case.repeated)
        alarms.on_ended.append(alarm_case.ended)

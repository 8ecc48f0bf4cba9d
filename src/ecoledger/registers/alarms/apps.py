from django.apps import AppConfig


class AlarmsConfig(AppConfig):
    name = "ecoledger.registers.alarms"
    label = "alarms"
    verbose_name = "预警交办"

    def ready(self) -> None:
        from ecoledger.monitoring.alarming import alarms, filings
        from ecoledger.registers.alarms import alarm_case, filed, telling

        alarms.on_raised.append(alarm_case.raised)
        alarms.on_raised.append(telling.raised)
        alarms.on_merged.append(alarm_case.merged)
        alarms.on_repeated.append(alarm_case.repeated)
        alarms.on_ended.append(alarm_case.ended)
        filings.on_filed.append(filed.told)

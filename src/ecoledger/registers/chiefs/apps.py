from django.apps import AppConfig


class ChiefsConfig(AppConfig):
    name = "ecoledger.registers.chiefs"
    label = "chiefs"
    verbose_name = "责任人"

    def ready(self) -> None:
        from ecoledger.monitoring.alarming import alarms
        from ecoledger.registers.chiefs import calls, pipes  # noqa: F401

        alarms.on_raised.append(calls.raised)

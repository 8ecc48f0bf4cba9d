from importlib import import_module

from django.apps import AppConfig


class ProblemsConfig(AppConfig):
    name = "ecoledger.registers.problems"
    label = "problems"
    verbose_name = "督察整改"

    def ready(self) -> None:
        """Declare the book that looks across relations, once every model is known."""
        import_module("ecoledger.registers.problems.watch_sites")

from importlib import import_module

from django.apps import AppConfig

BOOKS: tuple[str, ...] = ()


class ApprovalConfig(AppConfig):
    name = "ecoledger.registers.approval"
    label = "approval"
    verbose_name = "审批"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.approval.{book}")

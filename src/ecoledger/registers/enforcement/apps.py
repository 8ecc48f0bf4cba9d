from importlib import import_module

from django.apps import AppConfig

BOOKS = (
    "officers",
    "random_check",
    "special_action",
    "penalty_case.register",
    "credit_entries",
    "correction_orders",
    "production_orders",
    "seizures",
    "transfers",
    "file_review",
    "damage_claims",
    "referrals",
    "self_checks",
    # The bureau's own way to the province.
    "service_hall",
)


class EnforcementConfig(AppConfig):
    name = "ecoledger.registers.enforcement"
    label = "enforcement"
    verbose_name = "执法"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.enforcement.{book}")

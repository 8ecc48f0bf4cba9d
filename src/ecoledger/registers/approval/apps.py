from importlib import import_module

from django.apps import AppConfig

BOOKS = (
    "items",
    "cases",
    "joint",
    "key_projects",
    "zoning",
    "zoning_check",
    "filing_checks",
    "parks",
    "agencies",
    "document_reviews",
    "permits",
    "permit_terms",
    "reports",
    "self_results",
    "permit_review",
    "self_review",
    "service_requests",
    # Look across models.
    "both_reviews",
)


class ApprovalConfig(AppConfig):
    name = "ecoledger.registers.approval"
    label = "approval"
    verbose_name = "审批"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.approval.{book}")

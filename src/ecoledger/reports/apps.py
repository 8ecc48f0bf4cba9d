from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "ecoledger.reports"
    label = "reports"
    verbose_name = "报告"

    def ready(self) -> None:
        # What declares documents.
        from ecoledger.reports import (  # noqa: F401
            approval_letters,
            bulletin,
            carbon_chapter,
            closing_forms,
            compensation_notice,
            compensation_sheet,
            enforcement_between_organs,
            enforcement_forms,
            enforcement_letters,
            enforcement_measures,
            enforcement_of_party,
            enforcement_visit_papers,
            incident_reports,
            inspectorate,
            knowing,
            letters,
            notices,
            publication,
            summary,
        )

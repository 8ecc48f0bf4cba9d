from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "ecoledger.monitoring"
    label = "monitoring"
    verbose_name = "监测监控"

    def ready(self) -> None:
        """Let points follow their entities; declare the books of points and limits."""
        from ecoledger.entities import editing
        from ecoledger.monitoring import (  # noqa: F401
            alarm_book,
            filing_book,
            knowing,
            limit_book,
            point_book,
            rewrite_book,
        )
        from ecoledger.monitoring.points import enrolling

        editing.followers.append(enrolling.follow)

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "ecoledger.monitoring"
    label = "monitoring"
    verbose_name = "监测监控"

    def ready(self) -> None:
        """Let points follow their entities; declare the books of points and limits."""
        from ecoledger.entities import editing
        from ecoledger.monitoring import knowing, limit_book, point_book, rewrite_book  # noqa: F401
        from ecoledger.monitoring.points import enrolling

        editing.followers.append(enrolling.follow)

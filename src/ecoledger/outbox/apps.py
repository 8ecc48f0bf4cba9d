from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "ecoledger.outbox"
    label = "outbox"
    verbose_name = "外发通知"

    def ready(self) -> None:
        """Declare the books of channels and of what was sent."""
        from ecoledger.outbox import channel_book  # noqa: F401

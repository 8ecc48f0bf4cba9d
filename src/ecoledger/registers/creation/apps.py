from importlib import import_module

from django.apps import AppConfig

BOOKS: tuple[str, ...] = ()


class CreationConfig(AppConfig):
    name = "ecoledger.registers.creation"
    label = "creation"
    verbose_name = "示范创建"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.creation.{book}")

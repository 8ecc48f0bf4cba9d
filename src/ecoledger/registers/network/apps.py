from importlib import import_module

from django.apps import AppConfig

BOOKS = ("devices", "maintenance", "private_network", "exchanges")


class NetworkConfig(AppConfig):
    name = "ecoledger.registers.network"
    label = "network"
    verbose_name = "感知网络"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.network.{book}")

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "ecoledger.web"
    label = "web"
    verbose_name = "页面"

    def ready(self) -> None:
        from ecoledger.web.search import index

        index.follow()

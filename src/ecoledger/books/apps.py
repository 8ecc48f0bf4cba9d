from django.apps import AppConfig


class BooksConfig(AppConfig):
    name = "ecoledger.books"
    label = "books"
    verbose_name = "台账"

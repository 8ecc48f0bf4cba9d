from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "ecoledger.registers.projects"
    label = "projects"
    verbose_name = "治理工程"

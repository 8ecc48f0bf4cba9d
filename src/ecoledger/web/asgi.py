"""The web application as ASGI. Needs the observation store to be open in the process: ``ecoledger serve``."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecoledger.settings")

django_application = get_asgi_application()

from ecoledger.web.bodies import bounded  # noqa: E402 - Django must be set up before

application = bounded(django_application)

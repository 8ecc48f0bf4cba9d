"""The product's settings on a data folder that lives as long as the test run.

A settings module of its own, because pytest-django loads settings before any ``conftest.py``.
"""

import atexit
import contextlib
import os

import hypothesis
from tests.cluster import guardian, places

# A busy machine is no failure of the code: no example of a property has a time to keep.
hypothesis.settings.register_profile("ecoledger", deadline=None)
hypothesis.settings.load_profile("ecoledger")

# Tests run side by side, one a processor: threads of one library would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Each of the many processes that tests start would compile the whole program for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_kept = contextlib.ExitStack()
atexit.register(_kept.close)
os.environ["ECOLEDGER_DATA"] = str(_kept.enter_context(guardian.folder("tests")))
# The run's servers, where it has any (``make test-cluster``); pytest-django names the test database after the process.
if _server := os.environ.get(places.SERVER):
    os.environ["ECOLEDGER_DATABASE"] = _server

from ecoledger.settings import *  # noqa: E402, F403
from ecoledger.settings import DATA, DATABASES, PROFILE  # noqa: E402

# The small county begins its cases at the desk; that a firm is asked first is told in test_alarm_first_step.
PROFILE.mkdir(parents=True, exist_ok=True)
(PROFILE / "alarm_steps.toml").write_text("ask_first = false\n", encoding="utf-8")

# A file, not memory: gateway, jobs and tests write from several threads, and so does the product.
DATABASES["default"]["TEST"] = (
    {"TEMPLATE": places.TEMPLATE} if _server else {"NAME": DATA / "test.sqlite3"}
)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Long work is done at once, where it was begun; tests/cli walks the real queue.
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

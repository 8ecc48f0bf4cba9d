"""The product's settings with a quick hash of passwords: people sign in to the houses of these tests by the hundred. Nobody
reads pages while what they sent is computed. A test may ask its house something in Python (:mod:`tests.path.urls`).

What the product's own hash lets in is told in tests/web/test_bodies.py.
"""

from ecoledger.settings import *  # noqa: F403

LONGEST_REST = 0.2
ROOT_URLCONF = "tests.path.urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

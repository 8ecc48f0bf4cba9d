"""Django settings. One data folder holds everything a bureau owns; a few environment variables scale it."""

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from ecoledger import engines

PACKAGE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("ECOLEDGER_DATA", "data")).resolve()


def _kept(path: Path, make: Callable[[], str]) -> str:
    """What a file holds, made by the first of the processes that start together; none reads half of it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        number, beside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(make())
            file.flush()
            os.fsync(number)
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        except OSError:  # a disk without links
            if not path.exists():
                Path(beside).replace(path)
        Path(beside).unlink(missing_ok=True)
    content = path.read_text(encoding="ascii").strip()
    if not content:
        raise ImproperlyConfigured(f"{path} 是空的：请从备份恢复；新系统可删去，启动时重新生成")
    return content


def _secret_key() -> str:
    """The signing key, made once per data folder so that no two installations share one."""
    if given := os.environ.get("ECOLEDGER_SECRET_KEY"):
        return given
    return _kept(DATA / "secret_key", lambda: secrets.token_urlsafe(48))


def _chain_key() -> bytes:
    """The key of the chains' seals. Best kept where the database is not: ``ECOLEDGER_CHAIN_KEY_FILE``."""
    path = Path(os.environ.get("ECOLEDGER_CHAIN_KEY_FILE") or DATA / "chain_key")
    return bytes.fromhex(_kept(path, lambda: secrets.token_hex(32)))


SECRET_KEY = _secret_key()
CHAIN_KEY = _chain_key()
DEBUG = os.environ.get("ECOLEDGER_DEBUG") == "1"
DEMO = (DATA / "DEMO").exists()
ALLOWED_HOSTS = [h.strip() for h in os.environ.get("ECOLEDGER_HOSTS", "*").split(",") if h.strip()]
if "*" not in ALLOWED_HOSTS:
    ALLOWED_HOSTS += [
        "127.0.0.1",
        "localhost",
        "[::1]",
    ]  # the operator's monitor asks from the machine
CSRF_TRUSTED_ORIGINS = [
    o.strip() for o in os.environ.get("ECOLEDGER_ORIGINS", "").split(",") if o.strip()
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_tasks_db",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "ecoledger.accounts",
    "ecoledger.jobs",
    "ecoledger.listings",
    "ecoledger.entities",
    "ecoledger.monitoring",
    "ecoledger.matters",
    "ecoledger.books",
    "ecoledger.outbox",
    "ecoledger.registers.alarms",
    "ecoledger.registers.problems",
    "ecoledger.registers.projects",
    "ecoledger.registers.air",
    "ecoledger.registers.air_sources",
    "ecoledger.registers.waste",
    "ecoledger.registers.chiefs",
    "ecoledger.registers.network",
    "ecoledger.registers.enforcement",
    "ecoledger.registers.plan",
    "ecoledger.registers.publicity",
    "ecoledger.registers.complaints",
    "ecoledger.registers.grid",
    "ecoledger.registers.office",
    "ecoledger.registers.water",
    "ecoledger.registers.soil",
    "ecoledger.registers.approval",
    "ecoledger.registers.quota",
    "ecoledger.registers.credit",
    "ecoledger.registers.carbon",
    "ecoledger.registers.emergency",
    "ecoledger.registers.nature",
    "ecoledger.registers.creation",
    "ecoledger.indicators",
    "ecoledger.reports",
    "ecoledger.web",
    "ecoledger.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "ecoledger.web.security.ContentSecurityPolicyMiddleware",
    "ecoledger.web.security.PrivatePagesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ecoledger.web.compressed.CompressedMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "ecoledger.web.security.StorableMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "ecoledger.web.attendance.AttendanceMiddleware",
    "ecoledger.web.acting.ActingMiddleware",
    "ecoledger.web.rail_counts.StepsMiddleware",
    "ecoledger.web.sent_by.SentByMiddleware",
    "ecoledger.web.errors.SentOnlyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ecoledger.web.office.kept_text.SessionEndedMiddleware",
]

ROOT_URLCONF = "ecoledger.urls"
ASGI_APPLICATION = "ecoledger.web.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ecoledger.web.context.site",
                "ecoledger.web.listings.once.context",
            ],
        },
    }
]

try:
    DATABASES = {"default": engines.database(DATA)}
except engines.EngineError as error:
    raise ImproperlyConfigured(str(error)) from error
# Where observations lie and how packets travel between processes; empty: in the data folder, within one process.
STORE = os.environ.get("ECOLEDGER_STORE", "")
BUS = os.environ.get("ECOLEDGER_BUS", "")
# Long work is queued in the business database and done by a worker of this process (``ecoledger.jobs``).
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Person"
LOGIN_URL = "sign-in"
CSRF_FAILURE_VIEW = "ecoledger.web.errors.csrf_failed"
LOGIN_REDIRECT_URL = "cockpit"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "ecoledger.accounts.passwords.SortsOfCharacters"},
    {"NAME": "ecoledger.accounts.passwords.NotAnOldOne"},
]
# Days after which a password has to be changed, and minutes after which an unattended page signs out.
PASSWORD_DAYS = int(os.environ.get("ECOLEDGER_PASSWORD_DAYS", "180"))
IDLE_MINUTES = int(os.environ.get("ECOLEDGER_IDLE_MINUTES", "30"))
# Who must sign in with a second factor: offered, administrators or everybody.
SECOND_FACTOR = os.environ.get("ECOLEDGER_SECOND_FACTOR", "offered")
if SECOND_FACTOR not in ("offered", "administrators", "everybody"):
    raise ImproperlyConfigured(
        f"ECOLEDGER_SECOND_FACTOR={SECOND_FACTOR!r}: offered, administrators or everybody"
    )
OTP_TOTP_ISSUER = "EcoLedger"
# The bureau's own sign-on (OpenID Connect); empty: people sign in here only.
OIDC_ISSUER = os.environ.get("ECOLEDGER_OIDC_ISSUER", "").rstrip("/")
OIDC_CLIENT = os.environ.get("ECOLEDGER_OIDC_CLIENT", "ecoledger")
OIDC_SECRET_FILE = os.environ.get("ECOLEDGER_OIDC_SECRET_FILE", "")
OIDC_NAME_CLAIM = os.environ.get("ECOLEDGER_OIDC_NAME_CLAIM", "preferred_username")
# What leaves the house: hosts of the bureau's own gateways ("sms.example:8443"), its mail server, and the
# address that messages lead to.
OUTBOX_HOSTS = [h for h in os.environ.get("ECOLEDGER_OUTBOX_HOSTS", "").split(",") if h]
SITE_ADDRESS = CSRF_TRUSTED_ORIGINS[0] if CSRF_TRUSTED_ORIGINS else ""
_mail = urlsplit(
    os.environ.get("ECOLEDGER_SMTP", "")
)  # smtp://user:password@host:port or smtps://…
EMAIL_HOST = _mail.hostname or ""
EMAIL_PORT = _mail.port or (465 if _mail.scheme == "smtps" else 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_TIMEOUT = 10
MAIL_FROM = os.environ.get("ECOLEDGER_MAIL_FROM", EMAIL_HOST_USER)
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
HTTPS = os.environ.get("ECOLEDGER_HTTPS") == "1"
if HTTPS:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    # The operator's monitor asks from the machine itself.
    SECURE_REDIRECT_EXEMPT = [r"^health$", r"^metrics$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
WHITENOISE_USE_FINDERS = True
# Vite names these by their content.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.*/dist/assets/"
MEDIA_ROOT = DATA / "evidence"
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

OBSERVATIONS = STORE or DATA / "observations.duckdb"
PROFILE = DATA / "profile"
# Seconds that computing rests at most after a long run: pages have the machine for themselves meanwhile.
LONGEST_REST = 10.0
TILE_URL = os.environ.get("ECOLEDGER_TILES", "")

"""Assay's settings. Everything that differs between installations is read from the environment here."""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env, unfold

BASE_DIR = Path(__file__).resolve().parent.parent
ASSAY_HOME = Path(env.text("ASSAY_HOME") or BASE_DIR / ".assay").expanduser().absolute()
VERSION = "0.1.0"

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY") or env.kept_secret(ASSAY_HOME / "secret_key")

# Where people and programs reach this installation; scheme and host decide the rest.
PORT = env.whole("PORT", 8000, least=1, most=65535)
_url = env.base_url("ASSAY_URL", f"http://127.0.0.1:{PORT}")
ASSAY_URL = _url.geturl()
ASSAY_ALLOW_HTTP = env.flag("ASSAY_ALLOW_HTTP")
IS_HTTPS = _url.scheme == "https"
if not IS_HTTPS and not ASSAY_ALLOW_HTTP and not env.is_loopback(_url.hostname or ""):
    raise ImproperlyConfigured(
        f"ASSAY_URL is {ASSAY_URL}: plain http is served on loopback only. Use https, or set ASSAY_ALLOW_HTTP=1."
    )
# The address the web server binds; whoever sits behind a proxy on another machine names it.
BIND = env.text("ASSAY_BIND") or ("0.0.0.0" if ASSAY_ALLOW_HTTP and not IS_HTTPS else "127.0.0.1")  # noqa: S104
if not IS_HTTPS and not ASSAY_ALLOW_HTTP and not env.is_loopback(BIND):
    raise ImproperlyConfigured(
        f"ASSAY_BIND is {BIND}, but ASSAY_URL is plain http: set ASSAY_ALLOW_HTTP=1 to serve it."
    )
ALLOWED_HOSTS = [_url.hostname or "", "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [ASSAY_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "assay_session"
CSRF_COOKIE_NAME = "assay_csrf"
SESSION_COOKIE_AGE = 12 * 60 * 60
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    # HSTS for a whole domain is its owner's decision, not that of one application on it.
    "security.W005",
    "security.W021",
]

UNFOLD = unfold.UNFOLD

INSTALLED_APPS = [
    "config.apps.AssayConfig",
    # Its plain config: the other one would put its own site in the place of ours.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "config.apps.AssayAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "axes",
    "csp",
    "sentinel",
    "vault",
    "experiments",
    "agents",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.fast_lane.FastLane",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.problems.ProblemMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# The backend starts the embedded server at the first connection when DATABASE_URL is not set.
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "config.postgres",
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 4, "timeout": 10}},
    }
}
DATABASE_URL = env.text("DATABASE_URL")
# Off for tests alone: without it a power cut may cost the whole embedded database.
DATABASE_DURABLE = env.flag("ASSAY_DATABASE_DURABLE", True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "admin:login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "assay/locked.html"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static_src"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Static files come from where the packages have them: nothing to collect, one step less to forget.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# A request body larger than this is refused before it is parsed, bytes: 5,000 executions have room.
MAX_BODY_BYTES = 4 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
# Telemetry comes in batches of up to 1,000 runs: these doors take more, compressed or not.
LARGE_BODIES = ("/api/v1/runs", "/otlp/")
MAX_LARGE_BODY_BYTES = 16 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["sentinel.authentication.KeyAuthentication", "sentinel.authentication.Session"],
    "DEFAULT_PERMISSION_CLASSES": ["sentinel.authentication.HasPermission"],
    "DEFAULT_PARSER_CLASSES": ["config.rest.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["config.rest.JSONRenderer", "config.rest.BrowsableRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["config.rest.Filters"],
    "DEFAULT_PAGINATION_CLASS": "config.rest.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.problems.exception_handler",
    # What a view takes is in the schema; OPTIONS says no more than which methods there are.
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Assay",
    "DESCRIPTION": "Prompts that are chosen by context and learn from what they earn.",
    "VERSION": VERSION,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "OAS_VERSION": "3.1.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "VersionKindEnum": "vault.models.versions.Kind",
        "MetricKindEnum": "experiments.models.metrics.Kind",
        "StatusEnum": "experiments.models.experiments.Status",
        "HandoffStatusEnum": "agents.models.handoff_states.Status",
        "ActionEnum": ["ship", "roll_back", "conclude", "withdraw"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "sentinel.api.openapi.add_operations",
        "experiments.api.openapi.add_operations",
        "experiments.api.flags_openapi.add_operations",
        "agents.api.openapi.add_operations",
        "agents.api.questions_openapi.add_operations",
        "config.openapi.complete",
    ],
}

Q_CLUSTER = {
    "name": "assay",
    "orm": "default",
    "workers": 1,
    "timeout": 300,
    "retry": 360,
    "catch_up": False,
    "max_attempts": 3,
    "ack_failures": True,
    "poll": 0.5,
    "save_limit": 200,
    "label": "Background work",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # A wrong request is the caller's to know; its path may carry what should not be logged.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
        "axes": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "django-q": {"level": "WARNING"},
    },
}

# A process looks at a project's revision at most this often, and the scores' revision moves at most this often.
REVISION_LOOK_SECONDS = 0.25
SCORES_MOVE_SECONDS = 1.0
# How long what was observed is kept.
RETENTION_DAYS = env.whole("ASSAY_RETENTION_DAYS", 400, least=31, most=3660)
# What a new installation starts with, by the apps' own commands; each can be run at every start.
SEED_COMMANDS = ["seed", "seed_roster"]
# A new bundle is made beside the requests, which get the last one meanwhile.
BUNDLES_BUILT_ASIDE = True

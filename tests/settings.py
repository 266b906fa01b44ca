"""The settings under which tests run: an embedded server of their own that may forget everything, and no waiting."""

import os
from pathlib import Path

# Nothing that is set for an installation is meant for its tests.
for name in list(os.environ):
    if name.startswith("ASSAY_") or name in {"DATABASE_URL", "SECRET_KEY", "DEBUG", "PORT"}:
        del os.environ[name]
os.environ["ASSAY_HOME"] = str(Path(__file__).resolve().parent.parent / ".assay-test")

from config.settings import *

DATABASE_DURABLE = False
DATABASES["default"]["OPTIONS"] = {}
# Two runs at the same time do not take each other's database away.
DATABASES["default"]["TEST"] = {"NAME": f"test_assay_{os.getpid()}"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each look is fresh, and each score moves the revision at once; tests of the pauses set their own.
REVISION_LOOK_SECONDS = 0.0
SCORES_MOVE_SECONDS = 0.0
BUNDLES_BUILT_ASIDE = False

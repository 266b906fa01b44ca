"""The settings under which tests run: an embedded server of their own that may forget everything, and no waiting."""

import os
from pathlib import Path

for name in ("DATABASE_URL", "ASSAY_URL", "ASSAY_ALLOW_HTTP", "ASSAY_BIND", "SECRET_KEY", "DEBUG", "PORT"):
    os.environ.pop(name, None)
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

"""The door for a WSGI server; the Procfile puts `sdk/` on its path."""

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application
from django.db import connection

from config.unusable import DatabaseUnusable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
try:
    # A process that cannot serve says so and ends, before it takes a request.
    connection.ensure_connection()
except DatabaseUnusable as error:
    sys.exit(f"assay: {error}")
finally:
    connection.close()
# What is here now stays: looking through it for garbage again and again took a fifth of the time of a large batch. And
# what a request makes is gone when it ends, but for a few circles: looking for those whenever 700 things more are alive
# than a moment ago took another tenth.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)

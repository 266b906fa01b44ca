from django.urls import path, re_path

from experiments.api import flags

urlpatterns = [
    path("evaluate/flags", flags.every, name="flags"),
    # Nothing is captured, which keeps it in the fast lane: the view takes the key from the path, slashes and all.
    re_path(r"^evaluate/flags/.+\Z", flags.one, name="flag"),
]

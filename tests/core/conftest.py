"""Property tests look at the same examples each time, and take the time they need."""

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

"""The sentinel's pages: keys, members, projects, people, background work."""

from sentinel.admin import background, keys, members, projects

__all__ = ["background", "keys", "members", "projects"]

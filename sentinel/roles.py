"""The ten permissions and who holds them. Plain facts, read by models, views and admin alike."""

PERMISSIONS = (
    "prompts.read",
    "prompts.write",
    "experiments.read",
    "experiments.write",
    "agents.read",
    "agents.write",
    "sentinel.read",
    "sentinel.run",
    "members.manage",
    "keys.manage",
)

VIEWER = frozenset({"prompts.read", "experiments.read", "agents.read", "sentinel.read"})
MEMBER = VIEWER | {"prompts.write", "experiments.write", "agents.write"}
ADMIN = MEMBER | {"sentinel.run", "keys.manage"}
OWNER = ADMIN | {"members.manage"}

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {"viewer": VIEWER, "member": MEMBER, "admin": ADMIN, "owner": OWNER}

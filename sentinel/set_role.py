"""This file lets you give somebody a role in a project, or take it away."""

from assay.core.errors import AssayError, single
from django.contrib.auth.models import User
from django.db import transaction

from sentinel.access import Access
from sentinel.models import Membership, Project
from sentinel.models.projects import Role


@transaction.atomic
def set_role(*, access: Access, user: User, role: str | None) -> Membership | None:
    """The membership as it is now; None once it is taken away, and with it what the person's keys may do.

    Raises AssayError 403, 422 for a role that is none, 409 `last_owner` when the project would be left without one.
    """
    access.require("members.manage")
    if role is not None and role not in Role.values:
        raise single("invalid_role", "/role", f"A role is one of {', '.join(Role.values)}.")
    # Two owners who leave at once: the second waits here, and is the last.
    Project.objects.select_for_update(no_key=True).get(pk=access.project_id)
    members = Membership.objects.filter(project_id=access.project_id)
    membership = members.filter(user=user).first()
    others = members.filter(role=Role.OWNER, user__is_active=True).exclude(user=user)
    if membership and membership.role == Role.OWNER != role and not others.exists():
        raise AssayError("last_owner", "A project keeps at least one owner: name another first.", status=409)
    if role is None:
        members.filter(user=user).delete()
        return None
    return Membership.objects.update_or_create(project_id=access.project_id, user=user, defaults={"role": role})[0]

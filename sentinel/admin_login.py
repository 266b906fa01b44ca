"""Who may enter the admin: whoever belongs to a project, and superusers."""

from django.contrib.auth.models import AbstractBaseUser, User
from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from sentinel.models import Membership


def may_enter(user: object) -> bool:
    """Whether a person has anything to do in the admin. One query at most."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_superuser or Membership.objects.filter(user=user).exists()


class LoginForm(AuthenticationForm):
    """Asks for a membership where Django asks for its staff flag."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "Name and password do not go together.",
    }

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        if not may_enter(user):
            told = "This account belongs to no project yet. The owner of a project can add it."
            raise ValidationError(told, code="no_project")

"""What the vault's views start from."""

from typing import Any
from uuid import UUID

from assay.core.errors import AssayError

from sentinel.project_view import ProjectView
from vault.models import Client, Prompt
from vault.models.prompts import PromptQuerySet


class VaultView(ProjectView):
    area = "prompts"


class PromptView(VaultView):
    """A view of one prompt, whose id is in the address."""

    kwargs: dict[str, Any]

    @property
    def prompt(self) -> Prompt:
        """The prompt of this project, deleted ones included. AssayError 404."""
        return self.find(Prompt.objects.all())

    def find(self, prompts: PromptQuerySet) -> Prompt:
        """The same, out of `prompts`, with what those bring along."""
        prompt = prompts.in_project(self.access.project_id).filter(pk=self.kwargs["prompt_id"]).first()
        if prompt is None:
            raise AssayError("not_found", "There is no such prompt.", status=404)
        return prompt


class ClientView(VaultView):
    """A view of one client, whose id is in the address."""

    kwargs: dict[str, Any]

    @property
    def client(self) -> Client:
        """The client of this project, deleted ones included. AssayError 404."""
        client_id: UUID = self.kwargs["client_id"]
        client = Client.objects.in_project(self.access.project_id).filter(pk=client_id).first()
        if client is None:
            raise AssayError("not_found", "There is no such client.", status=404)
        return client

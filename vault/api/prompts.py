"""Prompts over HTTP: list, make, read, change, delete; the best of a vertical, and the vault in figures."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import ONCE
from config.rest import check_parameters
from vault.api.base import PromptView, VaultView
from vault.api.filters import PromptFilters, TopFilters
from vault.api.serializers.prompts import CONTEXT, ChangedPrompt, NewPrompt, PromptRead, PromptRow, Summary, Top
from vault.create_prompt import create_prompt
from vault.models import Prompt
from vault.models.prompts import PromptQuerySet
from vault.revise_prompt import revise_prompt
from vault.save_prompt import save_prompt

PLACE = {*CONTEXT, "is_active"}
EXAMPLE = {
    "name": "Listing caption",
    "category": "caption",
    "vertical": "real_estate",
    "platform": "instagram",
    "language": "en",
    "technique": "hook first",
    "tags": ["listing"],
    "content": "Write a caption for {{ address }}, {{ rooms }} rooms. Begin with what one sees from the window.",
    "model_settings": {"temperature": 0.7},
    "publish": True,
}


def split(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """What was sent, as the prompt's own fields, its version's, and whether to publish."""
    context = {name: value for name, value in fields.items() if name in PLACE}
    version = {name: value for name, value in fields.items() if name not in PLACE and name != "publish"}
    return context, version, bool(fields.get("publish"))


def read(prompt: Prompt) -> Any:
    """The prompt as an answer shows it."""
    return PromptRead(Prompt.objects.with_versions().get(pk=prompt.pk)).data


class Prompts(VaultView):
    queryset = Prompt.objects.none()  # for the schema; what is listed is the project's
    filterset_class = PromptFilters

    def rows(self) -> PromptQuerySet:
        return Prompt.objects.in_project(self.access.project_id).with_versions().order_by("-performance_score", "id")

    @extend_schema(operation_id="prompts_list", responses=PromptRow(many=True), tags=["prompts"])
    def get(self, request: Request) -> Response:
        """List prompts, best first: active ones, unless asked for others."""
        return self.page(self.filter_queryset(self.rows()), PromptRow)

    @extend_schema(
        operation_id="prompts_create",
        request=NewPrompt,
        responses={201: PromptRead},
        parameters=[ONCE],
        examples=[OpenApiExample("A caption", EXAMPLE, request_only=True)],
        tags=["prompts"],
    )
    def post(self, request: Request) -> Response:
        """Make a prompt and its first version, published unless told not to."""
        context, version, publish = split(self.read_body(NewPrompt))

        def work() -> tuple[int, Any]:
            return 201, read(create_prompt(access=self.access, context=context, publish=publish, **version))

        return self.answer_once(work)


class OnePrompt(PromptView):
    @extend_schema(operation_id="prompts_retrieve", responses=PromptRead, tags=["prompts"])
    def get(self, request: Request, prompt_id: Any) -> Response:
        """A prompt with the version in production, its labels and its latest number."""
        check_parameters(request, set())
        return Response(PromptRead(self.find(Prompt.objects.with_versions())).data)

    @extend_schema(
        operation_id="prompts_update",
        request=ChangedPrompt,
        responses=PromptRead,
        parameters=[ONCE],
        examples=[OpenApiExample("A new text", {"content": EXAMPLE["content"], "publish": True}, request_only=True)],
        tags=["prompts"],
    )
    def patch(self, request: Request, prompt_id: Any) -> Response:
        """Change a prompt. New content, variables or settings make a new version; `publish` moves production to it."""
        prompt = self.prompt
        context, version, publish = split(self.read_body(ChangedPrompt, partial=True))

        def work() -> tuple[int, Any]:
            return 200, read(
                revise_prompt(access=self.access, prompt=prompt, context=context, version=version, publish=publish)
            )

        return self.answer_once(work)

    @extend_schema(operation_id="prompts_destroy", responses={204: None}, tags=["prompts"])
    def delete(self, request: Request, prompt_id: Any) -> Response:
        """Take a prompt out of service. It stays in the vault, with all it earned, and can be made active again."""
        prompt = self.prompt
        prompt.is_active = False
        save_prompt(prompt)
        return Response(status=204)


class TopPrompts(VaultView):
    queryset = Prompt.objects.none()
    filterset_class = TopFilters

    @extend_schema(operation_id="prompts_top_retrieve", responses=Top, filters=True, tags=["prompts"])
    def get(self, request: Request, vertical: str) -> Response:
        """The best active prompts of a vertical, best first."""
        prompts = Prompt.objects.in_project(self.access.project_id).top(vertical).with_versions()
        best = self.filter_queryset(prompts)
        return Response({"vertical": vertical, "results": PromptRow(best, many=True).data})


class Stats(VaultView):
    @extend_schema(operation_id="prompts_summary_retrieve", responses=Summary, tags=["prompts"])
    def get(self, request: Request) -> Response:
        """The vault in figures: in all, and for each vertical, category and technique."""
        check_parameters(request, set())
        prompts = Prompt.objects.in_project(self.access.project_id)
        counted = {
            "verticals": prompts.counted_by("vertical"),
            "categories": prompts.counted_by("category"),
            "techniques": prompts.counted_by("technique"),
        }
        return Response(Summary(prompts.summary() | counted).data)

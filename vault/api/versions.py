"""A prompt's versions over HTTP: what they say, how they differ, and the labels that point at them."""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import ONCE, ref
from config.rest import check_parameters, invalid_parameter
from vault.api.base import PromptView
from vault.api.serializers.labels import LabelsRead, LabelTarget, MovedRead
from vault.api.serializers.versions import NewVersion, VersionRead
from vault.compare_versions import Difference, compare_versions
from vault.find_version import find_version
from vault.models import Label, LabelMove, Prompt, Version
from vault.move_label import move_label
from vault.revise_version import revise_version
from vault.take_back_label import take_back_label

MOST_MOVES = 100


class Versions(PromptView):
    queryset = Version.objects.none()  # for the schema; what is listed is the prompt's

    @extend_schema(operation_id="versions_list", responses=VersionRead(many=True), tags=["versions"])
    def get(self, request: Request, prompt_id: Any) -> Response:
        """A prompt's versions, newest first."""
        check_parameters(request, {"page", "page_size"})
        versions = self.prompt.versions.newest_first().select_related("author").prefetch_related("labels")
        return self.page(versions, VersionRead)

    @extend_schema(
        operation_id="versions_create",
        request=NewVersion,
        responses={201: VersionRead, 200: OpenApiResponse(VersionRead, "Nothing differs from the newest version.")},
        parameters=[ONCE],
        examples=[OpenApiExample("A new text", {"content": "Hello {{ name }}", "note": "Shorter"}, request_only=True)],
        tags=["versions"],
    )
    def post(self, request: Request, prompt_id: Any) -> Response:
        """Add a version: what is not given is that of the newest one."""
        prompt = self.prompt
        fields = self.read_body(NewVersion)

        def work() -> tuple[int, Any]:
            known = set(prompt.versions.values_list("pk", flat=True))
            version = revise_version(access=self.access, prompt=prompt, **fields)
            return 200 if version.pk in known else 201, VersionRead(version).data

        return self.answer_once(work)


class OneVersion(PromptView):
    @extend_schema(operation_id="versions_retrieve", responses=VersionRead, tags=["versions"])
    def get(self, request: Request, prompt_id: Any, number: str) -> Response:
        """A version by its number, its id, or a label that points at it; `latest` is the newest."""
        check_parameters(request, set())
        return Response(VersionRead(find_version(self.prompt, number)).data)


class Diff(PromptView):
    @extend_schema(
        operation_id="versions_diff_retrieve",
        parameters=[
            OpenApiParameter("from", str, required=True, description="A version's number or id, or a label."),
            OpenApiParameter("to", str, required=True, description="A version's number or id, or a label."),
        ],
        responses=OpenApiResponse(ref(Difference)),
        tags=["versions"],
    )
    def get(self, request: Request, prompt_id: Any) -> Response:
        """What changed between two versions: a unified diff, the same as lines, and changed variables and settings."""
        check_parameters(request, {"from", "to"})
        prompt = self.prompt
        old, new = (self._named(prompt, name) for name in ("from", "to"))
        return Response(msgspec.to_builtins(compare_versions(old, new)))

    def _named(self, prompt: Prompt, parameter: str) -> Version:
        name = self.request.query_params.get(parameter)
        if not name:
            raise invalid_parameter(parameter, f"Name a version in {parameter}: a number, an id or a label.")
        return find_version(prompt, name, pointer=f"/query/{parameter}")


class Labels(PromptView):
    @extend_schema(operation_id="labels_retrieve", responses=LabelsRead, tags=["labels"])
    def get(self, request: Request, prompt_id: Any) -> Response:
        """A prompt's labels, where they point, and how they got there."""
        check_parameters(request, set())
        prompt = self.prompt
        moves = prompt.label_moves.select_related("from_version", "to_version", "moved_by").order_by("-id")
        shown = {
            "labels": prompt.labels.select_related("version").order_by("name"),
            "latest": prompt.versions.newest_first().first(),
            "moves": moves[:MOST_MOVES],
        }
        return Response(LabelsRead(shown).data)


def moved(prompt: Prompt, label: str, move: LabelMove | None) -> dict[str, Any]:
    """Where the label points now, and the move that brought it there."""
    now = Label.objects.filter(prompt=prompt, name=label).select_related("version").first()
    answer = {"name": label, "version": now.version if now else None, "move": move}
    return dict(MovedRead(answer).data)


class OneLabel(PromptView):
    @extend_schema(
        operation_id="labels_move",
        request=LabelTarget,
        responses=MovedRead,
        parameters=[ONCE],
        examples=[OpenApiExample("A number", {"version": "1.2.0"}, request_only=True)],
        tags=["labels"],
    )
    def put(self, request: Request, prompt_id: Any, label: str) -> Response:
        """Point a label at a version."""
        prompt = self.prompt
        name = self.read_body(LabelTarget)["version"]

        def work() -> tuple[int, Any]:
            version = find_version(prompt, name, pointer="/version")
            move = move_label(access=self.access, prompt=prompt, label=label, version=version)
            return 200, moved(prompt, label, move)

        return self.answer_once(work)

    @extend_schema(
        operation_id="labels_remove", request=None, responses={200: MovedRead}, parameters=[ONCE], tags=["labels"]
    )
    def delete(self, request: Request, prompt_id: Any, label: str) -> Response:
        """Take a label away. Taking that back puts it where it was."""
        prompt = self.prompt

        def work() -> tuple[int, Any]:
            return 200, moved(prompt, label, move_label(access=self.access, prompt=prompt, label=label, version=None))

        return self.answer_once(work)


class TakeBack(PromptView):
    @extend_schema(
        operation_id="labels_take_back", request=None, responses=MovedRead, parameters=[ONCE], tags=["labels"]
    )
    def post(self, request: Request, prompt_id: Any, label: str) -> Response:
        """Move a label back to where its last move came from; once more moves it forth again."""
        prompt = self.prompt

        def work() -> tuple[int, Any]:
            return 200, moved(prompt, label, take_back_label(access=self.access, prompt=prompt, label=label))

        return self.answer_once(work)

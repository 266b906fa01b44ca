"""This file lets you write a REST view that acts in one project."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

import msgspec
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from sentinel.access import Access
from sentinel.idempotency import answer_once


class ProjectView(GenericAPIView[Any]):
    """`area` names the permissions: `<area>.read` for reading, `<area>.write` for everything else."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    area: ClassVar[str]
    request: Request

    @property
    def access(self) -> Access:
        return cast(Access, self.request.auth)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Read as a whole before it is parsed: an Idempotency-Key is kept with a digest of it.
        _ = request._request.body

    def read_body(self, serializer_class: Any, *, partial: bool = False) -> dict[str, Any]:
        """The fields that were sent. Raises ValidationError with a pointer for each that cannot be taken."""
        serializer = serializer_class(data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        fields: dict[str, Any] = serializer.validated_data
        return fields

    def answer_once(self, work: Callable[[], tuple[int, Any]]) -> Response:
        """The answer of `work` (status, body), done once for one Idempotency-Key."""

        def plain() -> tuple[int, Any]:
            # As it is sent and kept: ids and times as the strings that they become.
            status, body = work()
            return status, msgspec.json.decode(JSONRenderer().render(body))

        status, body = answer_once(access=self.access, request=self.request._request, work=plain)
        return Response(body, status=status)

    def page(self, rows: Any, serializer_class: Any) -> Response:
        """One page of the rows."""
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializer_class(page, many=True).data)

"""The hot path: which version serves this request. Plain Django and msgspec; memory only."""

import msgspec
from assay.core import resolve as core
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.complaints import told
from config.fast_lane import for_programs
from config.rest import json_body, parse_json
from experiments.bundle import serve
from experiments.expose_once import expose_once
from experiments.usage import note_served
from sentinel.authentication import authenticate

_decoder = msgspec.json.Decoder(core.Request)
_encoder = msgspec.json.Encoder()


@for_programs
@csrf_exempt  # `authenticate` asks a session for its token; a key needs none
@require_POST
def resolve(request: HttpRequest) -> HttpResponse:
    """The resolution as JSON. No query while the project's revision stands still, one look at it aside; and one for a
    unit's first meeting with its arm."""
    access = authenticate(request)
    access.require("prompts.read")
    served = serve(access.project_id)
    bundle = served.for_reader(with_clients=access.reads_clients)
    resolution = core.resolve(bundle, _read(json_body(request)))
    if resolution.experiment is not None:
        expose_once(access.project_id, [resolution.resolution_id])
    note_served(access.project_id, resolution.version.id)
    return HttpResponse(_encoder.encode(resolution), content_type="application/json")


def _read(body: bytes) -> core.Request:
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise told(error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        parse_json(body)
        raise

"""What goes wrong, as JSON-RPC says it, with the codes of the A2A protocol."""

from typing import Any

from assay.core.errors import AssayError

PARSE, REQUEST, METHOD, PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
NOT_FOUND, NOT_CANCELABLE, NO_PUSH, UNSUPPORTED, CONTENT_TYPE = -32001, -32002, -32003, -32004, -32005
VERSION = -32009
# The reasons that the protocol names itself.
REASONS = {
    NOT_FOUND: "TASK_NOT_FOUND",
    NOT_CANCELABLE: "TASK_NOT_CANCELABLE",
    NO_PUSH: "PUSH_NOTIFICATION_NOT_SUPPORTED",
    UNSUPPORTED: "UNSUPPORTED_OPERATION",
    CONTENT_TYPE: "CONTENT_TYPE_NOT_SUPPORTED",
    VERSION: "VERSION_NOT_SUPPORTED",
}
DOMAIN = "a2a-protocol.org"
OUR_DOMAIN = "assay"


class RpcError(Exception):
    """An error of the protocol: `code` is JSON-RPC's, `cause` what it comes from where it is one of ours."""

    def __init__(self, code: int, message: str, cause: AssayError | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.cause = cause

    def describe(self) -> dict[str, Any]:
        """The error object: its details as google.rpc has them, an ErrorInfo and a BadRequest for bad fields."""
        reason = REASONS.get(self.code)
        info: dict[str, Any] = {"@type": "type.googleapis.com/google.rpc.ErrorInfo"}
        if reason is not None:
            info |= {"reason": reason, "domain": DOMAIN}
        elif self.cause is not None:
            info |= {"reason": self.cause.code.upper(), "domain": OUR_DOMAIN}
        details = [info] if len(info) > 1 else []
        if self.cause is not None:
            info["metadata"] = {"code": self.cause.code}
            if self.cause.errors:
                fields = [{"field": each.pointer, "description": each.detail} for each in self.cause.errors]
                details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": fields})
        told: dict[str, Any] = {"code": self.code, "message": self.message}
        return told | ({"data": details} if details else {})


def from_ours(error: AssayError, *, wrong_status: int = UNSUPPORTED) -> RpcError:
    """An error of ours in the protocol's terms. `wrong_status`: what it is that the task is past this."""
    codes = {"not_found": NOT_FOUND, "wrong_status": wrong_status, "unsupported_parts": CONTENT_TYPE}
    code = codes.get(error.code, INTERNAL if error.status >= 500 else PARAMS)
    return RpcError(code, error.detail, error)

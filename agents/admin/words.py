"""How what agents did is said on pages."""

STATUS_CHIPS = {"success": "good", "failure": "bad", "partial": "gold", "running": "info"}

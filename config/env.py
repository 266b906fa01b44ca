"""Read the settings of this installation from the environment, typed, and fail loudly when one is off."""

import os
import secrets
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

_env = Env()


def text(name: str, default: str = "") -> str:
    return str(_env.str(name, default))


def flag(name: str, default: bool = False) -> bool:
    """`1`, `true`, `yes`, `on` and their opposites; anything else raises ImproperlyConfigured."""
    try:
        return bool(_env.bool(name, default))
    except EnvError as error:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, true or false: {error}") from None


def whole(name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
    """A whole number between `least` and `most`, else ImproperlyConfigured."""
    try:
        number = int(_env.int(name, default))
    except EnvError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number: {error}") from None
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name} must lie between {least} and {most}, not {number}.")
    return number


def base_url(name: str, default: str) -> SplitResult:
    """An http or https address without path, else ImproperlyConfigured."""
    parts = urlsplit(text(name, default).rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise ImproperlyConfigured(f"{name} must look like https://assay.example.org, without a path.")
    return parts


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def kept_secret(path: Path) -> str:
    """The secret in `path`; on first use one is made and kept there, readable by its owner only."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        # Root's may be passed, not listed, by the user that the embedded server runs as.
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        # A link fails where the name exists: of two first starts at once, one secret wins.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text().strip()

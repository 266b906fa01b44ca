"""Read a file, or a folder of files, as rows: each a prompt, or the reason why it is none."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from assay.core.errors import AssayError

from vault.prompt_files import yaml_text
from vault.prompt_files.record import Refusal, Row
from vault.prompt_files.to_record import CONTENT_KEYS, NAME_KEYS, to_record

LARGEST_FILE = 256 * 1024 * 1024
DELIMITERS = ",;\t"
LONGEST_NUMBER = 40


def read(path: Path) -> list[Row]:
    """The rows of a CSV, JSON or YAML file; of a folder, those of all JSON and YAML files in it, by path.

    Raises AssayError when a file cannot be read as what its name says. In a folder such a file is a refused row.
    """
    if not path.is_dir():
        return list(_rows_of(path, path.name))
    rows: list[Row] = []
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() in (".yaml", ".yml", ".json") and file.is_file():
            rows.extend(_rows_or_refusal(file, file.relative_to(path).as_posix()))
    if not rows:
        raise AssayError("nothing_to_read", f"There are no YAML or JSON files in {path}.", status=400)
    return rows


def _rows_or_refusal(file: Path, name: str) -> list[Row]:
    try:
        return list(_rows_of(file, name))
    except AssayError as error:
        return [Row(name, 1, "", None, Refusal(error.code, error.detail))]


def _rows_of(file: Path, name: str) -> Iterator[Row]:
    text = _text(file)
    match file.suffix.lower():
        case ".csv":
            return _from_csv(text, name)
        case ".json":
            return _from_list(_json(text), name)
        case ".yaml" | ".yml":
            return _from_list(_yaml(text), name)
    raise AssayError("unknown_file_type", f"{file.name} is neither CSV, JSON nor YAML, by its name.", status=400)


def _text(file: Path) -> str:
    """The file's text. Bytes that are no UTF-8 become lone surrogates, so that only the rows that hold them suffer."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise AssayError("file_too_large", f"{file.name} is larger than {LARGEST_FILE >> 20} MiB.", status=400)
        content = file.read_bytes()
    except OSError as error:
        raise AssayError("unreadable_file", f"{file.name} cannot be read: {error.strerror}.", status=400) from None
    return content.decode("utf-8-sig", "surrogateescape")


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, json.JSONDecodeError) else "it is nested too deeply"
        raise AssayError("invalid_json", f"This is no JSON: {detail}.", status=400) from None


def _whole(digits: str) -> int | float:
    """A number of absurd length becomes infinite, and is refused with its row."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else float("inf")


def _yaml(text: str) -> Any:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise AssayError("invalid_utf8", "The file holds bytes that are no UTF-8.", status=400) from None
    return yaml_text.read(text)


def _from_list(value: Any, file: str) -> Iterator[Row]:
    if isinstance(value, dict) and isinstance(value.get("prompts"), list):
        value = value["prompts"]
    for number, raw in enumerate(value if isinstance(value, list) else [value], start=1):
        yield to_record(raw, file=file, number=number)


def _from_csv(text: str, file: str) -> Iterator[Row]:
    head = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=head.count)
    # A prompt may be long; a field that is too long is refused with its row and must not end the reading.
    csv.field_size_limit(max(csv.field_size_limit(), LARGEST_FILE))
    cells = _cells(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    columns = [column.strip().lower() for column in _header(next(cells, None))]
    return _csv_rows(columns, cells, file)


def _header(first: "list[str] | csv.Error | None") -> list[str]:
    if not isinstance(first, list):
        raise AssayError("missing_header", "The first row of a CSV names its columns.", status=400)
    columns = [column.strip().lower() for column in first]
    twice = {column for column in columns if columns.count(column) > 1}
    if twice:
        raise AssayError("duplicate_column", f"The column {min(twice)!r} appears twice.", status=400)
    for what, keys in (("name", NAME_KEYS), ("text", CONTENT_KEYS)):
        if not set(keys) & set(columns):
            told = f"There is no column with the prompt's {what}: {', '.join(keys)}."
            raise AssayError("missing_column", told, status=400)
    return columns


def _cells(reader: Iterable[list[str]]) -> "Iterator[list[str] | csv.Error]":
    """Each row's cells, or why they cannot be told apart; the reader starts afresh on the line after such a row."""
    rows = iter(reader)
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield error


def _csv_rows(columns: list[str], rows: "Iterator[list[str] | csv.Error]", file: str) -> Iterator[Row]:
    for number, cells in enumerate(rows, start=2):
        if isinstance(cells, csv.Error):
            yield Row(file, number, "", None, Refusal("malformed_row", f"The quotes are not in order: {cells}."))
        elif cells and len(cells) != len(columns):
            told = f"The row has {len(cells)} cells, its head has {len(columns)}."
            yield Row(file, number, "", None, Refusal("wrong_number_of_cells", told))
        elif cells:
            # An empty cell says nothing.
            yield to_record({c: v for c, v in zip(columns, cells, strict=True) if v.strip()}, file=file, number=number)

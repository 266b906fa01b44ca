"""Prompts as files: what is written comes back the same, and changes where something changed."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from assay.core.errors import AssayError
from django.core.management import CommandError, call_command
from hypothesis import example, given
from hypothesis import strategies as st

from sentinel.access import access_of_installation
from tests.conftest import Person, make_project
from vault.add_version import add_version
from vault.create_prompt import create_prompt
from vault.export_prompts import export_prompts
from vault.import_prompts import import_prompts
from vault.models import Prompt
from vault.move_label import move_label
from vault.prompt_files import yaml_text
from vault.prompt_files.read import read

VERSION_FIELDS = (
    "number",
    "kind",
    "content",
    "variables",
    "model_settings",
    "parent__number",
    "variant_id",
    "strategy",
    "generation_method",
    "is_baseline",
    "note",
)
CONTENT = "Write for {{ who }}.\n\n  - an indented line with a space at its end \n{% raw %}{{ kept }}{% endraw %}\n\n"


def fill(person: Person) -> None:
    """Two prompts with several versions, labels, a chat, settings, and texts that are hard to write down."""
    settings = {"temperature": 0.7, "max_tokens": 300, "response_schema": {"type": "object", "required": ["b", "a"]}}
    place = {"category": "ad", "vertical": "health", "platform": "facebook", "agent_code": "RAFA", "technique": "PAS"}
    prompt = create_prompt(
        access=person.access,
        context={"name": "Résumé: “no”", "tags": ["b", "a"], "example_input": '{\n "who": "x"\n}', **place},
        content=CONTENT,
        model_settings=settings,
        is_baseline=True,
    )
    first = prompt.versions.get()
    add_version(access=person.access, prompt=prompt, content=CONTENT + "\r\nmore\t\u2028", note="no", variant_id="v1")
    chat = [{"role": "system", "content": "null"}, {"role": "user", "content": "{{ who }}: {{ what }}"}]
    add_version(access=person.access, prompt=prompt, content=chat, kind="chat", parent=first, strategy="few_shot")
    move_label(access=person.access, prompt=prompt, label="staging", version=prompt.versions.get(number="1.1.0"))
    create_prompt(access=person.access, context={"name": "1.0", "category": "post", "language": "fr"}, content="- a: b")


def everything(slug: str) -> dict[tuple[str, str], Any]:
    """All that a file holds of each prompt of a project."""
    found = {}
    for prompt in Prompt.objects.filter(project__slug=slug):
        fields = ("category", "vertical", "platform", "agent_code", "technique", "source", "tags")
        found[prompt.name, prompt.language] = (
            [getattr(prompt, name) for name in (*fields, "example_input", "example_output", "is_active")],
            list(prompt.versions.order_by("major", "minor", "patch").values(*VERSION_FIELDS)),
            {label.name: label.version.number for label in prompt.labels.all()},
        )
    return found


def texts(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_gives_an_empty_project_the_same_prompts_and_the_same_bytes(mia: Person, tmp_path: Path) -> None:
    fill(mia)
    export_prompts(access=mia.access, folder=tmp_path / "first")
    branch = access_of_installation(make_project("branch"))

    taken = import_prompts(access=branch, rows=read(tmp_path / "first"), defaults={})
    export_prompts(access=branch, folder=tmp_path / "second")

    assert [one.outcome for one in taken] == ["new", "new"]
    assert everything("branch") == everything("bakery")
    assert texts(tmp_path / "second") == texts(tmp_path / "first")
    again = import_prompts(access=branch, rows=read(tmp_path / "first"), defaults={})
    assert [one.outcome for one in again] == ["unchanged", "unchanged"]


def test_it_writes_one_file_a_prompt_by_vertical_and_category(mia: Person, tmp_path: Path) -> None:
    fill(mia)

    export_prompts(access=mia.access, folder=tmp_path)

    assert set(texts(tmp_path)) == {"health/ad/resume-no.en.yaml", "generic/post/1-0.fr.yaml"}


def test_it_writes_a_text_as_a_block_with_its_keys_sorted(mia: Person, tmp_path: Path) -> None:
    create_prompt(access=mia.access, context={"name": "Plain", "category": "ad"}, content="One {{ who }}.\n\nTwo. ")

    export_prompts(access=mia.access, folder=tmp_path)

    written = texts(tmp_path)["generic/ad/plain.en.yaml"].decode()
    assert written.startswith(
        "category: ad\nformat: assay-prompt/1\nlabels:\n  production: 1.0.0\nlanguage: en\nname: Plain\nversions:\n"
    )
    assert (
        "- content: |-\n    One {{ who }}.\n\n    Two. \n  generation_method: manual\n  kind: text\n  number: 1.0.0\n"
        in written
    )


def test_it_leaves_files_alone_that_would_not_change(mia: Person, tmp_path: Path) -> None:
    fill(mia)
    export_prompts(access=mia.access, folder=tmp_path)
    written = list(tmp_path.rglob("*.yaml"))
    for path in written:
        # Long ago: the clock of files may stand still for some milliseconds.
        os.utime(path, (0, 0))
    Prompt.objects.filter(name="1.0").update(technique="AIDA", performance_score=9.0)

    exported = export_prompts(access=mia.access, folder=tmp_path)

    assert exported.written == ["generic/post/1-0.fr.yaml"]
    touched = [path.name for path in written if path.stat().st_mtime_ns != 0]
    assert touched == ["1-0.fr.yaml"]


def test_it_keeps_prompts_apart_whose_names_look_alike(mia: Person, tmp_path: Path) -> None:
    for name in ("Hello there", "hello, THERE!", "你好", "再见"):
        create_prompt(access=mia.access, context={"name": name, "category": "ad"}, content=name)

    export_prompts(access=mia.access, folder=tmp_path)

    assert len({path.lower() for path in texts(tmp_path)}) == 4
    assert {row.name for row in read(tmp_path)} == {"Hello there", "hello, THERE!", "你好", "再见"}


def test_it_names_what_is_stale_and_deletes_only_that_when_told(mia: Person, tmp_path: Path) -> None:
    fill(mia)
    export_prompts(access=mia.access, folder=tmp_path)
    (tmp_path / "README.md").write_text("ours")
    (tmp_path / "config.yaml").write_text("theirs: true\n")
    Prompt.objects.filter(name="1.0").update(is_active=False)

    assert export_prompts(access=mia.access, folder=tmp_path).stale == ["generic/post/1-0.fr.yaml"]
    assert (tmp_path / "generic/post/1-0.fr.yaml").exists()

    export_prompts(access=mia.access, folder=tmp_path, prune=True)
    assert set(texts(tmp_path)) == {"README.md", "config.yaml", "health/ad/resume-no.en.yaml"}


def test_it_refuses_one_file_of_a_folder_and_takes_the_rest(mia: Person, tmp_path: Path) -> None:
    fill(mia)
    export_prompts(access=mia.access, folder=tmp_path)
    (tmp_path / "broken.yaml").write_text("a: [")

    branch = access_of_installation(make_project("branch"))
    taken = import_prompts(access=branch, rows=read(tmp_path), defaults={})

    assert [(one.row.file, one.refusal.code) for one in taken if one.refusal] == [("broken.yaml", "invalid_yaml")]
    assert len(everything("branch")) == 2


def test_it_writes_nothing_of_another_project(mia: Person, stranger: Person, tmp_path: Path) -> None:
    fill(mia)

    assert export_prompts(access=stranger.access, folder=tmp_path).written == []


def test_it_asks_for_leave_to_read(mia: Person, tmp_path: Path) -> None:
    nobody = type(mia.access)(mia.project.pk, mia.project.slug, frozenset(), mia.user.pk)

    with pytest.raises(AssayError) as caught:
        export_prompts(access=nobody, folder=tmp_path)

    assert caught.value.code == "permission_denied"


def test_it_makes_three_queries(mia: Person, tmp_path: Path, django_assert_num_queries: Any) -> None:
    fill(mia)

    with django_assert_num_queries(3):
        export_prompts(access=mia.access, folder=tmp_path)


def test_it_tells_on_the_command_line_what_it_wrote(mia: Person, tmp_path: Path) -> None:
    fill(mia)
    out = io.StringIO()

    call_command("export_prompts", str(tmp_path), project="bakery", stdout=out)
    call_command("export_prompts", str(tmp_path), project="bakery", stdout=out)

    assert out.getvalue().splitlines() == ["2 prompts: 2 written, 0 unchanged.", "2 prompts: 0 written, 2 unchanged."]


def test_it_says_in_one_sentence_when_it_cannot_write(mia: Person, tmp_path: Path) -> None:
    fill(mia)
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CommandError, match="unwritable_folder"):
        call_command("export_prompts", str(tmp_path / "file"), project="bakery")


SCALARS = [
    "no",
    "yes",
    "null",
    "~",
    "",
    "1.0",
    "1e5",
    "0x10",
    "- a",
    "a: b",
    "a #b",
    "---",
    "...",
    "2026-01-01",
    "=",
    "<<",
    "\ufeffx",
]
TEXTS = st.one_of(
    st.sampled_from(SCALARS),
    st.text(st.sampled_from(" \n\t:#-{}[]'\"|>%&*!@`\\~x1.e\r\x85\u2028😀é\x7f"), max_size=20),
    st.text(max_size=20),
)
VALUES = st.recursive(
    st.one_of(
        TEXTS,
        st.integers(-(10**15), 10**15),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.none(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES)
@example("  indented\nfirst line")
@example({"k": "\n\n  first"})
@example(["\ttab\nfirst", " \n x\n", "\n x\n  y", "  \n   x\n\n\n", "x\n \n"])
@example("carriage\r\nreturn and \u2028 separator\n")
def test_it_reads_back_whatever_it_writes(value: Any) -> None:
    written = yaml_text.write(value)

    assert json.dumps(yaml_text.read(written), sort_keys=True) == json.dumps(value, sort_keys=True)
    assert yaml_text.write(yaml_text.read(written)) == written


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2",
        "[" * 100 + "]" * 100,
        "a: 1\n---\nb: 2",
        "x: " + "9" * 1000,
        "x: 1e999",
        "? [a]\n: b",
        "a: [b",
        "&a b",
    ],
)
def test_it_refuses_yaml_that_it_would_not_write(text: str) -> None:
    with pytest.raises(AssayError) as caught:
        yaml_text.read(text)

    assert caught.value.code == "invalid_yaml"
    assert caught.value.detail.startswith("Line ")

"""Taking prompts from files into a project."""

import csv
import io
import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from assay.core.errors import AssayError
from assay.core.render import compile_template
from assay.core.variables import compile_variables
from django.core.management import CommandError, call_command
from django.db import connection

from sentinel.models import Project, Revision
from tests.conftest import Person
from vault.add_version import add_version
from vault.create_prompt import create_prompt
from vault.import_prompts import Taken, import_prompts
from vault.models import LabelMove, Prompt, VaultSettings, Version
from vault.move_label import move_label
from vault.prompt_files.read import read
from vault.prompt_files.record import FORMAT

COMMUNITY = Path(__file__).parents[3] / "shared" / "data" / "community_prompts.csv"
DEFAULTS = {"category": "community", "vertical": "generic", "language": "en", "source": "list.csv"}
LIST = """act,prompt,for_devs,type
Baker,"Bake a ${size:small} loaf for ${who}.",FALSE,TEXT
Coder,"Write {""a"": {}} in ${language:Python}",TRUE,STRUCTURED
"""


def take(person: Person, path: Path, **options: Any) -> list[Taken]:
    return import_prompts(access=person.access, rows=read(path), defaults=DEFAULTS, **options)


def outcomes(taken: list[Taken]) -> dict[str, int]:
    return dict(Counter(one.outcome for one in taken))


def refusals(taken: list[Taken]) -> dict[int, str]:
    return {one.row.number: one.refusal.code for one in taken if one.refusal}


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_it_makes_a_published_prompt_of_each_row(mia: Person, tmp_path: Path) -> None:
    taken = take(mia, file(tmp_path, "list.csv", LIST))

    assert outcomes(taken) == {"new": 2}
    baker = Prompt.objects.get(name="Baker")
    assert (baker.category, baker.vertical, baker.language, baker.source) == ("community", "generic", "en", "list.csv")
    assert baker.tags == ["text"]
    assert Prompt.objects.get(name="Coder").tags == ["for-devs", "structured"]
    version = baker.labels.get(name="production").version
    assert (version.number, version.author) == ("1.0.0", mia.user)
    assert version.content == "Bake a {{ size }} loaf for {{ who }}."
    assert version.variables["properties"] == {
        "size": {"type": "string", "default": "small"},
        "who": {"type": "string"},
    }
    assert version.variables["required"] == ["who"]
    assert LabelMove.objects.get(prompt=baker).moved_by == mia.user


def test_it_changes_nothing_the_second_time(mia: Person, tmp_path: Path) -> None:
    path = file(tmp_path, "list.csv", LIST)
    take(mia, path)
    before = (
        list(Version.objects.order_by("pk").values()),
        list(Prompt.objects.order_by("pk").values()),
        Revision.objects.get(project=mia.project).content,
    )

    assert outcomes(take(mia, path)) == {"unchanged": 2}

    after = (
        list(Version.objects.order_by("pk").values()),
        list(Prompt.objects.order_by("pk").values()),
        Revision.objects.get(project=mia.project).content,
    )
    assert after == before


def test_it_makes_and_publishes_a_version_of_a_text_that_changed(mia: Person, tmp_path: Path) -> None:
    take(mia, file(tmp_path, "list.csv", LIST))

    taken = take(mia, file(tmp_path, "list.csv", LIST.replace("Bake a", "Please bake a")))

    assert outcomes(taken) == {"changed": 1, "unchanged": 1}
    version = Prompt.objects.get(name="Baker").labels.get(name="production").version
    assert version.number == "1.1.0"
    assert version.parent is not None
    assert version.parent.number == "1.0.0"


def test_it_never_undoes_what_people_did_since(mia: Person, tmp_path: Path) -> None:
    path = file(tmp_path, "list.csv", LIST)
    take(mia, path)
    baker = Prompt.objects.get(name="Baker")
    add_version(access=mia.access, prompt=baker, content="Bake better.", publish=True)

    assert outcomes(take(mia, path)) == {"unchanged": 2}

    assert baker.labels.get(name="production").version.content == "Bake better."


def test_it_writes_nothing_when_dry(mia: Person, tmp_path: Path) -> None:
    before = Revision.objects.get(project=mia.project).content

    taken = take(mia, file(tmp_path, "list.csv", LIST), dry_run=True)

    assert outcomes(taken) == {"new": 2}
    assert not Prompt.objects.exists()
    assert not VaultSettings.objects.exists()
    assert Revision.objects.get(project=mia.project).content == before


def test_it_does_not_take_over_a_prompt_of_the_same_name_elsewhere(mia: Person, tmp_path: Path) -> None:
    create_prompt(access=mia.access, context={"name": "Baker", "category": "ours"}, content="Ours.")

    taken = take(mia, file(tmp_path, "list.csv", LIST))

    assert refusals(taken) == {2: "name_taken"}
    assert Prompt.objects.get(name="Baker").versions.count() == 1


def test_it_takes_each_row_once_and_names_the_row_that_it_contradicts(mia: Person, tmp_path: Path) -> None:
    rows = "act,prompt\nA,one\nB,two\nA,one\nA,other\n"

    taken = take(mia, file(tmp_path, "list.csv", rows))

    assert [one.outcome for one in taken] == ["new", "new", "unchanged", "refused"]
    assert refusals(taken) == {5: "duplicate_name"}
    assert "list.csv, row 2," in str(taken[3].refusal)


def test_it_keeps_projects_apart(mia: Person, stranger: Person, tmp_path: Path) -> None:
    path = file(tmp_path, "list.csv", LIST)
    take(mia, path)

    assert outcomes(take(stranger, path)) == {"new": 2}
    assert Prompt.objects.filter(project=stranger.project).count() == 2


def test_it_is_not_for_viewers(vic: Person, tmp_path: Path) -> None:
    with pytest.raises(AssayError) as caught:
        take(vic, file(tmp_path, "list.csv", LIST))

    assert caught.value.code == "permission_denied"


def test_it_moves_a_protected_label_only_for_who_may(mia: Person, adam: Person, tmp_path: Path) -> None:
    VaultSettings.objects.create(project=mia.project, protected_labels=["production"])
    path = file(tmp_path, "list.csv", LIST)

    assert refusals(take(mia, path)) == {2: "label_protected", 3: "label_protected"}
    assert not Prompt.objects.exists()
    assert outcomes(take(adam, path)) == {"new": 2}


def test_it_lists_each_row_that_cannot_be_taken_and_takes_the_rest(mia: Person, tmp_path: Path) -> None:
    rows = b"\n".join(
        [
            b"act,prompt",
            b"Good,fine",
            b"Nul,a\x00b",
            b"Latin,caf\xe9",
            b",no name",
            b"No text,",
            b"One cell too many,a,b",
            b'Quoted,"a"b',
            b"%s,name too long" % (b"n" * 201),
            b"Huge,%s" % (b"x" * 300_000),
            b"Giant,%s" % (b"x" * 1_100_000),
            b"Also good,fine",
            b'Open,"never closed',
        ]
    )

    taken = take(mia, file(tmp_path, "bad.csv", rows))

    assert refusals(taken) == {
        3: "nul_character",
        4: "invalid_utf8",
        5: "missing_name",
        6: "missing_text",
        7: "wrong_number_of_cells",
        8: "malformed_row",
        9: "max_length",
        10: "template_too_large",
        11: "field_too_large",
        13: "malformed_row",
    }
    assert set(Prompt.objects.values_list("name", flat=True)) == {"Good", "Also good"}


def test_it_lists_each_record_that_cannot_be_taken_and_takes_the_rest(mia: Person, tmp_path: Path) -> None:
    good = {"name": "Good", "content": "Hello {{ who }}"}
    records = [
        good,
        {"name": "Half", "content": "\ud800"},
        "no object",
        {"name": 5, "content": "x"},
        {"name": "Schema", "content": "x {{ a }}", "variables": {"type": "object", "properties": {"a": {"$ref": "#"}}}},
        {"name": "Tag", "content": "x {% if a %}", "tags": ["ok"]},
        {"name": "Place", "content": "x", "category": "no spaces please"},
        {"name": "Language", "content": "x", "language": "English"},
        {"name": "Settings", "content": "x", "model_settings": {"temperature": 9}},
        {"name": "Deep", "content": "x", "model_settings": json.loads("[" * 60 + "]" * 60)},
        {"name": "Tags", "content": "x", "tags": [1]},
        good | {"name": "Also good"},
    ]
    text = json.dumps(records).replace('"temperature": 9', '"temperature": ' + "9" * 1000, 1)

    taken = take(mia, file(tmp_path, "bad.json", text))

    assert refusals(taken) == {
        2: "lone_surrogate",
        3: "invalid_record",
        4: "invalid_record",
        5: "invalid_variables_schema",
        6: "invalid_template",
        7: "invalid",
        8: "invalid",
        9: "invalid_number",
        10: "nested_too_deeply",
        11: "invalid_record",
    }
    assert all(one.refusal.detail for one in taken if one.refusal)
    assert set(Prompt.objects.values_list("name", flat=True)) == {"Good", "Also good"}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", "", "missing_header"),
        ("a.csv", "act,prompt,act\n", "duplicate_column"),
        ("a.csv", "act,who\nA,b\n", "missing_column"),
        ("a.json", "{", "invalid_json"),
        ("a.json", "[" * 100_000, "invalid_json"),
        ("a.yaml", "a: &a [x]\nb: *a", "invalid_yaml"),
        ("a.yaml", "a: !!python/object/apply:os.system [x]", "invalid_yaml"),
        ("a.yaml", "name: \x00", "invalid_yaml"),
        ("a.yaml", b"name: caf\xe9", "invalid_utf8"),
        ("a.txt", "x", "unknown_file_type"),
    ],
)
def test_it_says_why_a_file_cannot_be_read(tmp_path: Path, name: str, content: str | bytes, code: str) -> None:
    with pytest.raises(AssayError) as caught:
        read(file(tmp_path, name, content))

    assert caught.value.code == code


def test_it_says_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(AssayError) as caught:
        read(tmp_path / "none.csv")

    assert caught.value.code == "unreadable_file"


def test_it_reads_lists_of_yaml_and_json_alike(mia: Person, tmp_path: Path) -> None:
    as_yaml = "prompts:\n- name: Say no\n  language: no\n  content: |\n    Si ${ord:nei}\n"
    as_json = json.dumps([{"name": "Say no", "language": "no", "content": "Si ${ord:nei}\n"}])

    assert outcomes(take(mia, file(tmp_path, "a.yaml", as_yaml))) == {"new": 1}
    assert outcomes(take(mia, file(tmp_path, "a.json", as_json))) == {"unchanged": 1}
    assert Prompt.objects.get().language == "no"


def test_it_takes_a_template_of_assays_own_as_it_is(mia: Person, tmp_path: Path) -> None:
    content = "{% if brand %}For {{ brand.business_name }}{% endif %} ${not_a_placeholder}"

    take(mia, file(tmp_path, "a.json", json.dumps([{"name": "Own", "content": content}])))

    assert Version.objects.get().content == content


def test_it_takes_a_text_that_comes_with_its_variables_as_it_is(mia: Person, tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"who": {"type": "string", "default": "you"}}}

    take(mia, file(tmp_path, "a.json", json.dumps([{"name": "Own", "prompt": "${a} {{ who }}", "variables": schema}])))

    version = Version.objects.get()
    assert (version.content, version.variables) == ("${a} {{ who }}", schema)


def test_it_takes_a_chat(mia: Person, tmp_path: Path) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "{{ question }}"}]

    take(mia, file(tmp_path, "a.json", json.dumps([{"name": "Chat", "content": messages}])))

    version = Version.objects.get()
    assert (version.kind, version.content, version.variables["required"]) == ("chat", messages, ["question"])


def test_it_reads_a_table_with_semicolons_and_a_byte_order_mark(mia: Person, tmp_path: Path) -> None:
    path = file(tmp_path, "a.csv", "\ufeffTitle;Text;Tags\r\nA;Hello, you;b, a\r\n")

    take(mia, path)

    assert Version.objects.get().content == "Hello, you"
    assert Prompt.objects.get().tags == ["a", "b"]


def exported(**changes: Any) -> dict[str, Any]:
    versions = [{"number": "1.0.0", "content": "one"}, {"number": "1.1.0", "content": "two", "parent": "1.0.0"}]
    record = {
        "format": FORMAT,
        "name": "Kept",
        "category": "ads",
        "versions": versions,
        "labels": {"production": "1.0.0"},
    }
    return record | changes


def test_it_makes_a_prompt_what_an_exported_file_says(mia: Person, tmp_path: Path) -> None:
    take(mia, file(tmp_path, "a.json", json.dumps(exported())))
    changed = exported(technique="AIDA", labels={"production": "1.1.0", "staging": "1.0.0"})
    changed["versions"] = [*changed["versions"], {"number": "2.0.0", "content": "{{ three }}"}]

    taken = take(mia, file(tmp_path, "a.json", json.dumps(changed)))

    assert outcomes(taken) == {"changed": 1}
    prompt = Prompt.objects.get()
    assert prompt.technique == "AIDA"
    assert {label.name: label.version.number for label in prompt.labels.all()} == {
        "production": "1.1.0",
        "staging": "1.0.0",
    }
    assert set(prompt.versions.values_list("number", flat=True)) == {"1.0.0", "1.1.0", "2.0.0"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"versions": [{"number": "1.0.0", "content": "something else"}]}, "version_conflict"),
        ({"versions": [{"number": "1.0.0", "content": "one", "note": "another"}]}, "version_conflict"),
        (
            {"versions": [{"number": "1.0.0", "content": "one"}, {"number": "1.1.0", "content": "two"}]},
            "version_conflict",
        ),
        ({"versions": []}, "missing_versions"),
        ({"versions": [{"number": "1.0", "content": "x"}]}, "invalid_version_number"),
        (
            {"versions": [{"number": "1.0.0", "content": "one"}, {"number": "1.0.0", "content": "two"}]},
            "version_conflict",
        ),
        ({"versions": [{"number": "3.0.0", "content": "x", "parent": "3.0.0"}]}, "invalid_parent"),
        ({"versions": [{"number": "3.0.0", "content": "x", "generation_method": "magic"}]}, "invalid_choice"),
        ({"versions": [{"number": "3.0.0", "content": "{{ x"}]}, "invalid_template"),
        ({"labels": {"production": "9.0.0"}}, "unknown_version"),
        ({"labels": {"latest": "1.0.0"}}, "label_is_worked_out"),
        ({"labels": {"Not A Label": "1.0.0"}}, "invalid_label"),
        ({"category": "no spaces"}, "invalid"),
        ({"format": "assay-prompt/9"}, "unknown_format"),
        ({"performance_score": 10}, "invalid_record"),
    ],
)
def test_it_refuses_an_exported_file_whole(mia: Person, tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    take(mia, file(tmp_path, "a.json", json.dumps(exported())))
    before = (
        list(Version.objects.order_by("pk").values()),
        list(Prompt.objects.order_by("pk").values()),
        LabelMove.objects.count(),
    )

    taken = take(mia, file(tmp_path, "a.json", json.dumps(exported(technique="changed") | changes)))

    assert refusals(taken) == {1: code}
    assert (
        list(Version.objects.order_by("pk").values()),
        list(Prompt.objects.order_by("pk").values()),
        LabelMove.objects.count(),
    ) == before


def test_it_takes_a_record_whose_twin_before_it_was_refused(mia: Person, tmp_path: Path) -> None:
    take(mia, file(tmp_path, "a.json", json.dumps(exported())))
    pair = [exported(technique="AIDA", labels={"latest": "1.0.0"}), exported(technique="AIDA")]

    taken = take(mia, file(tmp_path, "a.json", json.dumps(pair)))

    assert outcomes(taken) == {"refused": 1, "changed": 1}
    assert Prompt.objects.get().technique == "AIDA"


def test_it_makes_as_many_queries_for_many_prompts_as_for_few(
    mia: Person, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    rows = "act,prompt\n" + "".join(f"P{number},text {number}\n" for number in range(200))
    path = file(tmp_path, "many.csv", rows)

    with django_assert_max_num_queries(12):
        take(mia, path)


@pytest.mark.django_db(transaction=True)
def test_it_makes_each_prompt_once_when_two_import_at_the_same_time(mia: Person, tmp_path: Path) -> None:
    rows = [f"P{number:03},text {number}" for number in range(300)]
    files = [
        file(tmp_path, "forth.csv", "act,prompt\n" + "\n".join(rows)),
        file(tmp_path, "back.csv", "act,prompt\n" + "\n".join(reversed(rows))),
    ]

    def run(path: Path) -> list[Taken]:
        try:
            return take(mia, path)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        both = [one for taken in pool.map(run, files) for one in taken]

    assert outcomes(both) == {"new": 300, "unchanged": 300}
    assert Prompt.objects.count() == Version.objects.count() == LabelMove.objects.count() == 300


def test_it_tells_on_the_command_line_what_became_of_the_rows(bakery: Project, tmp_path: Path) -> None:
    rows = b"act,prompt,contributor\nGood,fine,x\n\x1b[31mBad,a\x00b,x\n"
    out = io.StringIO()

    path = str(file(tmp_path, "some.csv", rows))
    call_command("import_prompts", path, project="bakery", stdout=out, verbosity=0)

    assert out.getvalue().splitlines() == [
        "some.csv, row 3 '\ufffd[31mBad': nul_character: The text holds a NUL character. (/prompt)",
        "Columns that mean nothing here: contributor.",
        "2 rows: 1 new, 0 changed, 0 unchanged, 1 refused.",
    ]
    assert Prompt.objects.get().source == "some.csv"


def test_it_lets_no_file_speak_to_the_terminal(bakery: Project, tmp_path: Path) -> None:
    out = io.StringIO()
    path = file(tmp_path, "a.json", json.dumps([exported() | {"\x1b[31m": 1}]))

    call_command("import_prompts", str(path), project="bakery", stdout=out, verbosity=0)

    assert "invalid_record" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_it_shows_its_progress_beside_the_answer(bakery: Project, tmp_path: Path, capfd: Any) -> None:
    out = io.StringIO()

    call_command("import_prompts", str(file(tmp_path, "list.csv", LIST)), project="bakery", stdout=out)

    assert "2/2" in capfd.readouterr().err
    assert out.getvalue() == "2 rows: 2 new, 0 changed, 0 unchanged, 0 refused.\n"


def test_it_fails_in_one_sentence_on_the_command_line(bakery: Project, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no project"):
        call_command("import_prompts", "x.csv", project="brewery", verbosity=0)
    with pytest.raises(CommandError, match="unreadable_file"):
        call_command("import_prompts", str(tmp_path / "x.csv"), project="bakery", verbosity=0)


def assert_texts_came_back(path: Path) -> None:
    """Each prompt renders to what its author wrote, with the defaults filled in and the other variables given."""
    with path.open(encoding="utf-8", newline="") as opened:
        rows = {" ".join(row["act"].split()): row["prompt"] for row in csv.DictReader(opened)}
    for name, text in rows.items():
        version = Version.objects.get(prompt__name=name)
        values = dict.fromkeys(version.variables["required"], "\ufffc")
        checked = compile_variables(version.variables).check(values)
        rendered = compile_template(version.content).render({**checked, "brand": {}})
        # The whole of the text between its placeholders, in order and to the letter.
        pieces = re.split(r"\$\{[^{}\n]*\}|\{\{\w+\}\}", text)
        assert re.fullmatch(".*?".join(map(re.escape, pieces)), rendered, re.DOTALL), name
        for default in re.findall(r"\$\{[^{}:\n]*:([^{}\n]*)\}", text):
            assert default.strip() in rendered, name
        if len(pieces) == 1:
            assert rendered == text, name


def test_it_takes_the_sample_whole(mia: Person) -> None:
    path = Path(__file__).parents[1] / "data" / "shared_prompts.csv"

    taken = take(mia, path)

    assert outcomes(taken) == {"new": len(taken)}
    assert_texts_came_back(path)
    assert outcomes(take(mia, path)) == {"unchanged": len(taken)}


@pytest.mark.skipif(not COMMUNITY.exists(), reason="the community's prompts are not on this machine")
def test_it_takes_the_communitys_prompts_whole(mia: Person) -> None:
    taken = take(mia, COMMUNITY)

    # Two of the 299 rows say again what another said before.
    assert outcomes(taken) == {"new": 297, "unchanged": 2}
    assert_texts_came_back(COMMUNITY)
    assert outcomes(take(mia, COMMUNITY)) == {"unchanged": 299}


def test_it_leaves_a_label_that_was_moved_back_by_hand(mia: Person, tmp_path: Path) -> None:
    path = file(tmp_path, "list.csv", LIST.replace("Bake a", "Please bake a"))
    take(mia, file(tmp_path, "first.csv", LIST))
    take(mia, path)
    baker = Prompt.objects.get(name="Baker")
    move_label(access=mia.access, prompt=baker, label="production", version=baker.versions.get(number="1.0.0"))

    assert outcomes(take(mia, path)) == {"unchanged": 2}

    assert baker.labels.get(name="production").version.number == "1.0.0"

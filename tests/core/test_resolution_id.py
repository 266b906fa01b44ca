"""A resolution id says what was served, and nothing but what `make` made is read as one."""

import os
import random
from typing import Any
from uuid import UUID

import pytest
from assay.core.assign import unit_hash
from assay.core.errors import AssayError
from assay.core.token import ResolutionId, head_of, make, randomness, read
from hypothesis import example, given
from hypothesis import strategies as st

PROMPT, VERSION, EXPERIMENT = (f"0198c5a0-0000-7000-8000-00000000000{digit}" for digit in "123")
NOW = 1_795_168_299_015

ids = st.uuids().map(str)


@given(
    ids,
    ids,
    st.integers(0, 2**48 - 1),
    st.none() | st.binary(min_size=8, max_size=8),
    st.none() | st.tuples(ids, st.integers(0, 255)),
)
def test_it_reads_what_it_made(
    prompt_id: str, version_id: str, now: int, unit: bytes | None, served: tuple[str, int] | None
) -> None:
    experiment_id, arm = served or (None, None)

    token = make(head_of(prompt_id, version_id), now, unit_hash=unit, experiment_id=experiment_id, arm=arm)

    assert read(token) == ResolutionId(prompt_id, version_id, now, unit, experiment_id, arm)
    assert len(token) <= 100
    assert UUID(read(token).prompt_id) == UUID(prompt_id)


def test_it_is_another_each_time_even_for_who_seeds_the_global_generator() -> None:
    head = head_of(PROMPT, VERSION)

    def seeded() -> str:
        random.seed(7)
        return make(head, NOW)

    before = random.getstate()
    assert len({seeded() for _ in range(1_000)}) == 1_000
    random.setstate(before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_it_is_another_in_a_forked_child() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(randomness.getrandbits(48)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    said = os.read(reading, 100)
    os.close(reading)

    assert int(said) != randomness.getrandbits(48)


@given(
    st.text(max_size=150) | st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=", max_size=130)
)
@example("")
@example("AQ" * 31)
@example("é" * 62)
def test_it_refuses_anything_else(text: str) -> None:
    with pytest.raises(AssayError) as refused:
        read(text)

    assert refused.value.code == "invalid_resolution_id"


@pytest.mark.parametrize("given_id", [None, 5, b"AQ"])
def test_it_refuses_what_is_not_even_a_text(given_id: Any) -> None:
    with pytest.raises(AssayError):
        read(given_id)


@pytest.mark.parametrize("change", ["cut", "longer", "padded", "flags", "version", "other bits", "standard alphabet"])
def test_it_refuses_a_token_that_was_changed(change: str) -> None:
    token = make(head_of(PROMPT, VERSION), NOW, unit_hash=unit_hash("p", "u"), experiment_id=EXPERIMENT, arm=1)
    plain = make(head_of(PROMPT, VERSION), NOW)
    changed = {
        "cut": token[:-4],
        "longer": token + "AAAA",
        "padded": plain + "==",
        "flags": plain[:-2] + "BA",
        "version": "Ag" + token[2:],
        "other bits": plain[:-1] + "B",
        "standard alphabet": plain[:10] + "+" + plain[11:],
    }[change]

    with pytest.raises(AssayError):
        read(changed)

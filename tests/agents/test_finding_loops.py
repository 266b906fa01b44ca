"""Where a run went in circles: the cycle that covers most of it."""

import random

import pytest

from agents.telemetry.facts import Step
from agents.telemetry.loops import FEWEST_REPEATS, LONGEST_CYCLE, find_loop


def steps(names: str) -> list[Step]:
    return [Step(step_id=str(seq), step_type="tool", name=name, seq=seq) for seq, name in enumerate(names)]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("", None),
        ("aa", None),
        ("abab", None),
        ("abcd", None),
        ("aaa", (1, 3)),
        ("xaaay", (1, 3)),
        ("ababab", (2, 3)),
        ("xabababay", (2, 3)),
        ("aaaaaa", (1, 6)),
        ("aaabcabcabcabc", (3, 4)),
        ("abcabcabcxyxyxyxyxy", (2, 5)),
        ("abcabcabxabc", None),
    ],
)
def test_it_finds_the_cycle_that_covers_most(names: str, found: tuple[int, int] | None) -> None:
    assert find_loop(steps(names)) == found


def test_a_type_and_a_name_are_told_apart() -> None:
    told = [Step(step_id=str(n), step_type=kind, seq=n) for n, kind in enumerate(["tool", "model"] * 3)]
    assert find_loop(told) == (2, 3)


def test_a_conversation_of_many_turns_is_no_circle() -> None:
    kinds = ["model", "respond"] * 5
    told = [Step(step_id=str(n), step_type=kind, name=kind, seq=n) for n, kind in enumerate(kinds)]
    assert find_loop(told) is None
    searched = [Step(step_id=f"s{n}", step_type="tool", name="search", seq=100 + n) for n in range(4)]
    assert find_loop([*told, *searched]) == (1, 4)


def naive(names: str) -> int:
    """How many steps the best cycle covers."""
    best = 0
    for length in range(1, min(len(names) // FEWEST_REPEATS, LONGEST_CYCLE) + 1):
        for start in range(len(names)):
            rounds = 1
            while names[start + rounds * length :].startswith(names[start : start + length]) and names[start:]:
                if start + (rounds + 1) * length > len(names):
                    break
                rounds += 1
            if rounds >= FEWEST_REPEATS:
                best = max(best, rounds * length)
    return best


def test_it_agrees_with_looking_everywhere() -> None:
    source = random.Random(7)
    for _ in range(400):
        names = "".join(source.choices("ab" if source.random() < 0.5 else "abc", k=source.randrange(30)))
        length, rounds = find_loop(steps(names)) or (0, 0)
        assert length * rounds == naive(names), names


def test_more_kinds_of_steps_than_a_byte_counts_are_told_apart() -> None:
    names = "".join(chr(200 + number) for number in range(90))
    other = "".join(chr(1000 + number) for number in range(3000))
    assert find_loop(steps(other + names * 4)) == (90, 4)
    # The low bytes of their numbers repeat, they themselves do not.
    assert find_loop(steps(other[:256] + other[256:512] + other[512:768])) is None

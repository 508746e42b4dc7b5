"""Values both ways: what `json` does where semantics agree, and where they do not."""

from __future__ import annotations

import collections
import enum
import json
import math
import random
import threading
from typing import Any

import pytest

from pancar._core import CoreError, dumps, loads


def there_and_back(*args: object) -> tuple[object, ...]:
    text, attachments = dumps(args)
    return loads(text, attachments)


def some_text(rng: random.Random) -> str:
    alphabet = 'abc"\\/\b\f\n\r\t\0\x1f\x7fé€😀\u2028'
    return "".join(rng.choices(alphabet, k=rng.randrange(12)))


def some_value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(9 if depth < 5 else 7)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        return rng.randrange(-(10**rng.randrange(1, 40)), 10 ** rng.randrange(1, 40))
    if kind == 2:
        return rng.choice([0.0, -0.0, 0.1, 1e300, 1e-300, 5e-324, 1.7976931348623157e308, rng.uniform(-1e6, 1e6)])
    if kind in (3, 4, 5):
        return some_text(rng)
    if kind == 6:
        return rng.choice([[], {}, ""])
    if kind == 7:
        return [some_value(rng, depth + 1) for _ in range(rng.randrange(5))]
    return {some_text(rng): some_value(rng, depth + 1) for _ in range(rng.randrange(5))}


@pytest.mark.parametrize("seed", range(300))
def test_values_are_those_of_json(seed: int) -> None:
    value = some_value(random.Random(seed))
    text, attachments = dumps((value,))
    assert attachments == []
    assert repr(json.loads(text)) == repr([value])
    for ensure_ascii in (True, False):
        written = json.dumps([value], ensure_ascii=ensure_ascii, indent=seed % 3 or None)
        assert repr(loads(written, [])) == repr((value,))


def test_many_arguments_and_none() -> None:
    assert dumps(()) == ("[]", []) and loads("[]", []) == () and loads(" [ ] ", []) == ()
    assert there_and_back(1, "a", None) == (1, "a", None)


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, -(2**63), 2**63, 2**64, -(2**64), 10**100, -(10**4000)])
def test_integers_are_exact(number: int) -> None:
    assert there_and_back(number) == (number,)


def test_numbers_of_python_that_json_does_not_have() -> None:
    assert dumps((math.nan, math.inf, -math.inf)) == ("[null,null,null]", [])
    assert loads("[1e999,-1e999,-0,-0.0,1E2,1.5e-3]", []) == (math.inf, -math.inf, 0, 0.0, 100.0, 0.0015)
    assert loads(f"[{'9' * 5000}]", []) == (math.inf,), "more digits than Python reads"
    with pytest.raises(ValueError):
        dumps((10**5000,))


def test_keys_become_strings_as_in_json() -> None:
    keys = {1: 0, 2.5: 0, True: 0, None: 0, "s": 0, 10**30: 0, math.inf: 0, -math.inf: 0, math.nan: 0}
    assert json.loads(dumps((keys,))[0])[0] == json.loads(json.dumps(keys))
    with pytest.raises(TypeError, match=r"args\[0\]\.a: keys must be str, int, float, bool or None, not tuple"):
        dumps(({"a": {(1,): 2}},))


def test_subclasses_are_what_they_are_made_of() -> None:
    class Colour(str, enum.Enum):
        RED = "red"

    class Number(enum.IntEnum):
        ONE = 1

    class Wrapped(int):
        def __repr__(self) -> str:
            return "not a number"

    class Text(str):
        def encode(self, *_: object) -> bytes:
            raise AssertionError

    point = collections.namedtuple("point", "x y")(1, 2)
    ordered = collections.OrderedDict(b=1, a=[Number.ONE])
    assert dumps((Colour.RED, Number.ONE, Wrapped(10**30), Text("a\ud800"), point, ordered, {Number.ONE: 1})) == (
        '["red",1,1000000000000000000000000000000,"a\ufffd",[1,2],{"b":1,"a":[1]},{"1":1}]',
        [],
    )


def test_lone_surrogates_are_replaced() -> None:
    assert there_and_back("\ud800", "a\udc00b", "\ud83d\ude00", {"\ud800": 1}) == (
        "\ufffd",
        "a\ufffdb",
        "😀",
        {"\ufffd": 1},
    )
    text = r'["\ud83d\ude00","\ud800","\ud800\ud83d\ude00","\udc00\u0041","\ud83dx"]'
    assert loads(text, []) == ("😀", "\ufffd", "\ufffd😀", "\ufffdA", "\ufffdx")


def test_bytes_are_attachments() -> None:
    text, attachments = dumps((b"a", [bytearray(b"b"), {"c": memoryview(b"xcx")[1:2]}], b""))
    assert attachments == [b"a", b"b", b"c", b""]
    assert loads(text, attachments) == (b"a", [b"b", {"c": b"c"}], b"")
    assert loads('[{"num":0,"_placeholder":true,"x":[{}]},{"_placeholder":false,"num":9}]', [b"z"]) == (
        b"z",
        {"_placeholder": False, "num": 9},
    )
    with pytest.raises(CoreError) as caught:
        loads('[{"_placeholder":true,"num":1}]', [b"z"])
    assert caught.value.kind == 3


def test_what_has_no_form_is_named() -> None:
    with pytest.raises(TypeError, match=r"^args\[1\]\[2\]\.user\.photo: a value of type .*Thread has no JSON form$"):
        dumps((1, [0, 0, {"user": {"photo": threading.Thread()}}]))
    with pytest.raises(TypeError, match=r"args\[0\]: a value of type set has no"):
        dumps((set(),))


def test_default_gives_what_has_a_form() -> None:
    assert dumps(({"a": {1, 2}},), sorted) == ('[{"a":[1,2]}]', [])
    assert dumps((complex(1, 2),), lambda value: {"raw": b"x", "again": value.imag})[1] == [b"x"]
    with pytest.raises(ValueError, match="nested more than 1000"):
        dumps((object(),), lambda value: value)

    def fails(value: object) -> object:
        raise KeyError(value)

    with pytest.raises(KeyError):
        dumps(([object()],), fails)


def test_default_may_change_what_is_being_written() -> None:
    changing: dict[str, object] = {"a": object(), "b": 1}
    items: list[object] = [object(), 1, 2]

    def meddle(_: object) -> object:
        changing["c"] = 1
        del changing["b"]
        items.clear()
        return 0

    assert json.loads(dumps((changing,), meddle)[0]) == [{"a": 0, "b": 1}]
    changing["b"] = 1
    items[:] = [object(), 1, 2]
    assert dumps((items,), meddle) == ("[[0]]", [])


def test_what_is_in_itself_is_refused() -> None:
    items: list[object] = []
    items += [items, items]
    with pytest.raises(ValueError, match="in itself"):
        dumps((items,))
    table: dict[str, object] = {}
    table["self"] = table
    with pytest.raises(ValueError, match="in itself"):
        dumps((table,))


def nest(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def in_small_stack(run: Any) -> None:
    before = threading.stack_size(512 << 10)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)


def test_depth() -> None:
    assert dumps((nest(1000),))[0].count("[") == 1001
    with pytest.raises(ValueError):
        dumps((nest(1001),))
    deep = loads("[" * 9_000 + "]" * 9_000, [])
    for _ in range(9_000 - 1):
        assert len(deep) <= 1
        deep = deep[0] if deep else deep  # type: ignore[assignment]
    done = []
    in_small_stack(lambda: done.append((dumps((nest(1000),)), loads("[" * 9_000 + "]" * 9_000, []))))
    assert len(done) == 1


@pytest.mark.parametrize("text", ["", "{}", "[", "[1,]", '["', '["\\x"]', "[tru]", "[1 2]", '[{"a"}]', "[01]", "[\x01]"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(CoreError) as caught:
        loads(text, [])
    assert caught.value.kind == 3


def test_keys_that_come_again_are_the_same_object() -> None:
    (first, second) = loads('[{"a key of ours":1},{"a key of ours":2}]', [])
    assert next(iter(first)) is next(iter(second))  # type: ignore[call-overload]

"""Handlers, arguments, acknowledgements."""

import asyncio
import contextvars
import functools

import pytest
from talk import connected, listening

import pancar
from pancar.exceptions import DisconnectedError, TimeoutError

VALUES = [
    (None, None),
    (1, 1),
    ("text é", "text é"),
    ([1, [2.5, None]], [1, [2.5, None]]),
    ({"a": {"b": b"\x00\xff"}}, {"a": {"b": b"\x00\xff"}}),
    (b"bytes", b"bytes"),
    (bytearray(b"array"), b"array"),
    (memoryview(b"view"), b"view"),
    ((1, b"2", "3"), (1, b"2", "3")),
    (True, True),
]


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=repr)
async def test_what_a_handler_returns_is_the_acknowledgement(value, expected):
    sio = pancar.AsyncServer()
    sio.on("ask", lambda sid: value)
    async with listening(sio) as url, connected(url) as client:
        assert await client.call("ask") == expected


@pytest.mark.parametrize("transports", [("polling",), ("websocket",), ("polling", "websocket")])
async def test_both_directions_over_every_transport(transports):
    sio = pancar.AsyncServer()

    @sio.event
    async def echo(sid, *args):
        await sio.emit("back", args, to=sid)
        return args

    async with listening(sio) as url, connected(url, transports=transports) as client:
        assert await client.call("echo", ("a", b"b", {"c": 3})) == ("a", b"b", {"c": 3})
        assert await client.next() == ("back", ("a", b"b", {"c": 3}))


async def test_kinds_of_handlers():
    sio = pancar.AsyncServer()

    class Callable:
        async def __call__(self, sid, number):
            return number + 1

    async def with_more(extra, sid, number):
        return number + extra

    async def awaits(sid, number):
        await asyncio.sleep(0)
        return number + 3

    sio.on("object", Callable())
    sio.on("partial", functools.partial(with_more, 2))
    sio.on("lambda", lambda sid, number: awaits(sid, number))
    async with listening(sio) as url, connected(url) as client:
        assert [await client.call(event, 10) for event in ("object", "partial", "lambda")] == [11, 12, 13]


async def test_catch_all_handlers_get_what_nobody_else_takes():
    sio = pancar.AsyncServer(namespaces=["/", "/other"])
    heard = []
    sio.on("known", lambda sid, *args: heard.append(("known", args)))
    sio.on("*", lambda event, sid, *args: heard.append((event, args)))
    sio.on("known", lambda namespace, sid, *args: heard.append((namespace, "known", args)), namespace="*")
    sio.on("*", lambda event, namespace, sid, *args: heard.append((namespace, event, args)), namespace="*")
    async with listening(sio) as url:
        async with connected(url) as client:
            await client.call("known", 1)
            await client.call("unknown", 2)
        async with connected(url, "/other") as client:
            await client.call("known", 3)
            await client.call("unknown", 4)
    assert heard == [("known", (1,)), ("unknown", (2,)), ("/other", "known", (3,)), ("/other", "unknown", (4,))]


async def test_an_event_without_a_handler_is_not_acknowledged():
    sio = pancar.AsyncServer()
    sio.on("known", lambda sid: "yes")
    async with listening(sio) as url, connected(url) as client:
        with pytest.raises(Exception, match=r".*"):
            await client.io.call("unknown", timeout=0.1)
        assert await client.call("known") == "yes"


async def test_handlers_start_in_the_order_of_the_wire():
    """Plain functions and coroutine functions among each other, in one burst."""
    sio = pancar.AsyncServer()
    order = []

    @sio.on("plain")
    def plain(sid, number):
        order.append(number)

    @sio.on("coroutine")
    async def coroutine(sid, number):
        order.append(number)
        await asyncio.sleep(0.001 * (number % 3))

    sio.on("end", lambda sid: order)
    async with listening(sio) as url, connected(url) as client:
        for number in range(300):
            await client.emit("plain" if number % 2 else "coroutine", number)
        assert await client.call("end") == list(range(300))


async def test_without_async_handlers_one_ends_before_the_next_begins():
    sio = pancar.AsyncServer(async_handlers=False)
    steps = []

    @sio.event
    async def step(sid, number):
        steps.append(("begin", number))
        await asyncio.sleep(0.002)
        steps.append(("end", number))

    sio.on("steps", lambda sid: steps)
    async with listening(sio) as url, connected(url) as client:
        for number in range(3):
            await client.emit("step", number)
        assert await client.call("steps") == [[word, n] for n in range(3) for word in ("begin", "end")]


async def test_context_variables_do_not_leak():
    sio = pancar.AsyncServer()
    variable = contextvars.ContextVar("variable", default="of nobody")

    @sio.on("plain")
    def plain(sid, value):
        before = variable.get()
        variable.set(value)
        return before

    @sio.on("coroutine")
    async def coroutine(sid, value):
        return plain(sid, value)

    token = variable.set("of the server")
    async with listening(sio) as url, connected(url) as client:
        for event in ("plain", "coroutine", "plain", "coroutine"):
            assert await client.call(event, "of a handler") == "of the server"
    variable.reset(token)


async def test_tasks_of_handlers_are_tasks():
    sio = pancar.AsyncServer()

    @sio.event
    async def deadline(sid):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.01)
        return asyncio.current_task() is not None

    async with listening(sio) as url, connected(url) as client:
        assert await client.call("deadline") is True


async def test_call_gives_the_answer():
    sio = pancar.AsyncServer()
    sio.on("start", lambda sid: sio.call("question", (1, 2), to=sid))
    async with listening(sio) as url, connected(url) as client:
        for answer, expected in ((7, 7), (None, None), ((1, b"2"), [1, b"2"])):
            client.answer = answer
            assert await client.call("start") == (tuple(expected) if isinstance(expected, list) else expected)
            assert await client.next() == ("question", (1, 2))


async def test_call_fails_by_timeout_and_when_the_client_leaves():
    sio = pancar.AsyncServer()
    outcomes = asyncio.Queue()

    async def ask(sid, timeout):
        try:
            await sio.call("question", to=sid, timeout=timeout)
        except (TimeoutError, DisconnectedError) as error:
            outcomes.put_nowait(type(error))

    async with listening(sio) as url:
        async with connected(url) as client:
            hold = asyncio.Event()
            client.io.on("question", hold.wait)
            await ask(client.sid, 0.05)
            assert await outcomes.get() is TimeoutError
            asking = asyncio.create_task(ask(client.sid, None))
            await asyncio.sleep(0)
        await asking
        assert await outcomes.get() is DisconnectedError
        with pytest.raises(DisconnectedError):
            await sio.call("question", to="nobody")
        with pytest.raises(ValueError, match="to="):
            await sio.call("question")


async def test_callbacks_of_emit():
    sio = pancar.AsyncServer()
    answers = asyncio.Queue()

    async def answered(*args):
        answers.put_nowait(args)

    async with listening(sio) as url, connected(url) as first, connected(url) as second:
        first.answer, second.answer = "first", ("second", 2)
        await sio.emit("question", callback=answered)
        assert {await answers.get(), await answers.get()} == {("first",), ("second", 2)}
        await sio.emit("question", to=first.sid, callback=answers.put_nowait)
        assert await answers.get() == "first"


async def test_emit_may_be_awaited_or_not_and_passes_for_a_coroutine():
    sio = pancar.AsyncServer()
    async with listening(sio) as url, connected(url) as client:
        sio.emit("plain", 1)
        await sio.emit("awaited", 2)
        await asyncio.create_task(sio.emit("task", 3))
        await asyncio.gather(sio.send(4), asyncio.wait_for(sio.emit("waited", 5), 1))
        events = [await client.next() for _ in range(5)]
        assert events == [("plain", (1,)), ("awaited", (2,)), ("task", (3,)), ("message", (4,)), ("waited", (5,))]
        await asyncio.to_thread(sio.emit, "from a thread", 6)
        assert await client.next() == ("from a thread", (6,))


async def test_values_without_a_json_form():
    sio = pancar.AsyncServer()
    async with listening(sio):
        with pytest.raises(TypeError):
            sio.emit("event", object())
        with pytest.raises(TypeError):
            sio.emit("event", {"set": {1}})


async def test_the_hook_for_values_without_a_json_form():
    import datetime
    import json
    import types
    import uuid

    module = types.SimpleNamespace(dumps=lambda value: json.dumps(value, default=str), loads=json.loads)
    when, which = datetime.datetime(2026, 1, 2, 3, 4, 5), uuid.UUID(int=7)
    for options in ({"default": pancar.jsonable}, {"json": module}):
        sio = pancar.AsyncServer(**options)
        sio.on("ask", lambda sid: {"when": when, "which": [which]})
        async with listening(sio) as url, connected(url) as client:
            answer = await client.call("ask")
            assert answer["which"] == [str(which)]
            assert answer["when"].replace("T", " ") == str(when)


async def test_exceptions_are_reported_once_and_hurt_nobody():
    sio = pancar.AsyncServer()
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context["exception"]))

    @sio.on("plain")
    def plain(sid):
        raise RuntimeError("plain")

    @sio.on("coroutine")
    async def coroutine(sid):
        await asyncio.sleep(0)
        raise RuntimeError("coroutine")

    sio.on("value", lambda sid: object())
    sio.on("works", lambda sid: "yes")
    async with listening(sio) as url, connected(url) as client:
        for event in ("plain", "coroutine", "value"):
            await client.emit(event)
            await client.io.emit(event, callback=lambda *_: None)
        assert await client.call("works") == "yes"
    words = sorted(str(error) for error in reported if isinstance(error, RuntimeError))
    assert words == ["coroutine", "coroutine", "plain", "plain"]
    assert len(reported) == 5
    assert all(error.__traceback__ is not None for error in reported)

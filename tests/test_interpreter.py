"""Threads that compute give way to the one that comes first; time is made up, but for the last test."""

import threading
from collections.abc import Callable, Iterator

import pytest

from cnnstudio import interpreter


class Clock:
    """A clock of its own; who offers the interpreter waits for it as long as another thread needs it."""

    def __init__(self) -> None:
        self.now, self.busy_until, self.away = 100.0, 0.0, 0.0

    def perf_counter(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Takes time; without any, the interpreter is offered."""
        self.now += seconds or (0.0005 if self.now < self.busy_until else 0.000001)
        self.away += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(interpreter, "time", made)
    return made


@pytest.fixture
def first(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(interpreter, "_first", None)
    interpreter.come_first()
    yield


def elsewhere(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_nobody_gives_way_where_no_thread_comes_first(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "_first", None)
    clock.busy_until = 200
    elsewhere(interpreter.give_way)
    assert not interpreter.is_shared()
    assert clock.now == 100


@pytest.mark.usefixtures("first")
def test_the_thread_that_comes_first_does_not_give_way(clock: Clock) -> None:
    clock.busy_until = 200
    interpreter.give_way()
    assert interpreter.is_shared()
    assert clock.now == 100


@pytest.mark.usefixtures("first")
def test_it_takes_no_time_where_nobody_waits(clock: Clock) -> None:
    elsewhere(interpreter.give_way)
    assert clock.away == 0


@pytest.mark.usefixtures("first")
def test_a_thread_is_away_as_long_as_another_needs_the_interpreter(clock: Clock) -> None:
    clock.busy_until = clock.now + 0.03
    elsewhere(interpreter.give_way)
    assert clock.busy_until < clock.now < clock.busy_until + 0.01


@pytest.mark.usefixtures("first")
def test_a_thread_is_away_for_half_of_the_time_at_most(clock: Clock) -> None:
    def work() -> None:
        for _ in range(1000):
            clock.now += 0.001
            interpreter.give_way()

    clock.busy_until = 1000
    elsewhere(work)
    assert 0.4 < clock.away / (clock.now - 100) < 0.6


@pytest.mark.usefixtures("first")
def test_threads_that_build_networks_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    from cnnstudio.models.backend import import_keras, trace

    keras = import_keras()
    import tensorflow as tf

    calls: list[str] = []
    monkeypatch.setattr(interpreter, "give_way", lambda: calls.append(threading.current_thread().name))
    image = keras.Input((4,))
    model = keras.Model(image, keras.layers.Dense(2)(image))
    built = len(calls)
    assert built
    trace(model, [tf.TensorSpec((1, 4))])
    assert len(calls) > built + 2  # at the operations, too

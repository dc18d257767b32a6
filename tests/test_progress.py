"""How far a piece of work is told, and how it is cancelled."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cnnstudio import progress
from cnnstudio.progress import Cancelled, Meter, Progress, ending_with, result_of


class Clock:
    """The clock by which progress is told, set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_the_first_and_the_last_are_told_and_ten_a_second_between(clock: Clock) -> None:
    told: list[Progress] = []
    meter = Meter("Counting", 1001, "images", told.append)
    for done in range(1001):
        meter.tell(done)
        clock.now += 0.0625
    meter.tell(1001)
    assert [one.done for one in told] == [*range(0, 1001, 2), 1001]
    assert {(one.task, one.total, one.unit) for one in told} == {("Counting", 1001, "images")}


def test_a_heartbeat_tells_what_was_told_before(clock: Clock) -> None:
    told: list[Progress] = []
    meter = Meter("Looking", None, "images", told.append)
    meter.tell(3)
    meter.heartbeat()
    clock.now += 0.1
    meter.heartbeat()
    assert [(one.done, one.total, one.seconds_left) for one in told] == [(3, None, None)] * 2


def test_the_time_left_follows_the_speed_of_the_last_seconds(clock: Clock) -> None:
    told: list[Progress] = []
    meter = Meter("Downloading", 10_000, "bytes", told.append)
    for second in range(60):
        meter.tell(100 * second if second < 30 else 3000 + 10 * (second - 30))
        clock.now += 1
    assert told[0].seconds_left is None
    assert told[20].seconds_left == pytest.approx(80)
    assert told[-1].seconds_left == pytest.approx((10_000 - told[-1].done) / 10)


def test_parts_are_counted_together(clock: Clock) -> None:
    told: list[Progress] = []
    meter = Meter("Downloading", 300, "bytes", told.append)
    meter.tell(100)
    meter.before += 100
    meter.tell(250)  # more than there should be
    assert [one.done for one in told] == [100, 300]


def test_nobody_need_listen() -> None:
    meter = Meter("Counting", 10, "images", None)
    meter.tell(10)


def test_a_listener_ends_the_work_once_it_is_cancelled() -> None:
    stop, told = threading.Event(), []
    meter = Meter("Counting", 10, "images", ending_with(stop, told.append))
    meter.tell(0)
    stop.set()
    with pytest.raises(Cancelled):
        meter.tell(10)
    assert [one.done for one in told] == [0]


def test_waiting_for_a_thread_is_told_and_can_be_ended() -> None:
    go, waited = threading.Event(), threading.Event()

    def end() -> None:
        waited.set()
        raise Cancelled

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(go.wait)
        with pytest.raises(Cancelled):
            result_of(future, end)
        assert waited.is_set()
        go.set()
        assert result_of(future, end)

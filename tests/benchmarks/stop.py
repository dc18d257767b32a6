"""How soon a training answers a stop."""

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.events import Batches, Event, Stopped
from cnnstudio.training.trainer import train
from tests.benchmarks import Measurement

ROUNDS = 5
LIMIT_SECONDS = 0.3


class Presser:
    """Listens to a training, notes when it stopped, and lets another thread wait until it is well under way."""

    def __init__(self) -> None:
        self.under_way = threading.Event()
        self.stopped_at = 0.0

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        match event:
            case Batches() if event.first > 50:
                self.under_way.set()
            case Stopped():
                self.stopped_at = time.perf_counter()


def seconds_to_stop(after: float) -> float:
    """Presses stop `after` seconds into a training, so that it comes at any moment of a block.

    Returns:
        The seconds until it has stopped.
    """
    presser, stop = Presser(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        training = pool.submit(train, TrainingConfig(epochs=20), on_event=presser, stop=stop)
        presser.under_way.wait()
        time.sleep(after)
        pressed = time.perf_counter()
        stop.set()
        training.result()
    return presser.stopped_at - pressed


def stop_engine() -> list[Measurement]:
    """Seconds from a stop to the training's end, without a window."""
    seconds = [seconds_to_stop(0.1 + 0.017 * number) for number in range(ROUNDS)]
    return [Measurement("stop_engine", statistics.median(seconds), "s", "the limit", LIMIT_SECONDS)]

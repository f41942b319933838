"""Where submissions are judged: processes of this machine, one judge a thread, or the workers of a Dask scheduler."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from ospolab.grading import sandbox
from ospolab.grading.plan import Plan
from ospolab.grading.trial import Clock, Job, Outcome

__all__ = ["StationError", "close_all", "executor", "judged", "ready"]

RETRIES = 1  # of a submission whose judge was lost


class StationError(RuntimeError):
    """There is nowhere to judge; the message says why and what to do."""


@contextlib.contextmanager
def executor(jobs: int | None, scheduler: str | None) -> Iterator[Executor]:
    """Processes of this machine, or workers of a Dask scheduler ("local": one for trying). Raises StationError."""
    if scheduler is None:
        threads = ThreadPoolExecutor(jobs or os.cpu_count() or 1)
        try:
            yield threads
        finally:
            threads.shutdown(cancel_futures=True)
            close_all()
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise StationError('A cluster needs Dask: pip install "ospolab[cluster]".') from None
    with contextlib.ExitStack() as stack:
        try:
            if scheduler == "local":
                cluster = LocalCluster(
                    n_workers=jobs or os.cpu_count() or 1, threads_per_worker=1, dashboard_address=None
                )
                scheduler = stack.enter_context(cluster)
            client = stack.enter_context(Client(scheduler, timeout=30))
        except (OSError, TimeoutError) as error:
            raise StationError(f"The scheduler {scheduler} does not answer: {error}") from None
        yield client.get_executor(pure=False, retries=RETRIES)


class Station:
    """A judge in a process of its own, kept by one thread for one plan."""

    mine, every = threading.local(), []

    def __init__(self, one: Plan, isolated: bool, clock: Clock, key: str | None, files: dict[str, bytes]):
        orders, answers = os.pipe(), os.pipe()
        entry = "from ospolab.grading import judge; judge.main()"
        command = [sys.executable, "-P", "-c", entry, str(orders[0]), str(answers[1])]
        quiet = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            command, pass_fds=[orders[0], answers[1]], env={**os.environ, **quiet}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(orders[0])
        os.close(answers[1])
        self._orders, self._answers = os.fdopen(orders[1], "wb"), os.fdopen(answers[0], "rb")
        self.fingerprint = (one.fingerprint, isolated, key)
        Station.every.append(self)
        if failed := self._ask((one, isolated, clock, key, files)):
            raise sandbox.Unavailable(failed)

    def _ask(self, order: Any) -> Any:
        pickle.dump(order, self._orders)
        self._orders.flush()
        return pickle.load(self._answers)

    def do(self, job: Job) -> Outcome:
        done = self._ask(job)
        if isinstance(done, Exception):
            raise done
        return done

    def close(self) -> None:
        for pipe in (self._orders, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.kill()
        self._process.wait()


def ready(one: Plan, isolated: bool, clock: Clock, key: str | None, files: dict[str, bytes]) -> None:
    """Start this thread's judge. What goes wrong is said when it is used."""
    with contextlib.suppress(sandbox.Unavailable, OSError, EOFError):
        Station.mine.station = Station(one, isolated, clock, key, files)


def judged(
    one: Plan, isolated: bool, clock: Clock, key: str | None, files: dict[str, bytes], job: Job
) -> Outcome | str:
    """Do a job in this thread's judge; a judge that was lost is replaced. Returns what went wrong, as a sentence."""
    said = ""
    for _ in range(RETRIES + 1):
        station: Station | None = getattr(Station.mine, "station", None)
        if station is None or station.fingerprint != (one.fingerprint, isolated, key) or station not in Station.every:
            station = Station.mine.station = Station(one, isolated, clock, key, files)
        try:
            return station.do(job)
        except TimeoutError as error:
            return f"{error}; it was stopped"
        except (EOFError, OSError, RuntimeError, pickle.UnpicklingError) as error:
            said = str(error) or "its judge was lost"
            Station.every.remove(station)
            station.close()
    return said


def close_all() -> None:
    """End all judges of this process."""
    while Station.every:
        Station.every.pop().close()

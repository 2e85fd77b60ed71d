"""Long work in a background thread that counts its progress and can be stopped."""

import itertools
import threading
from collections.abc import Callable
from weakref import WeakKeyDictionary, WeakSet

import streamlit as st

from vae import limits
from vae.errors import AtelierError
from vae.progress import Progress

from . import visitor


class Stopped(Exception):
    """Raised in the work to end it."""


class Job:
    """Creates the bytes of one file, or another result, with `work(progress)` in its own thread;
    `progress(done, total)` raises when stopped.

    One of `result` and `error` is set at the end, neither where it was stopped. An `AtelierError`
    is shown as it is, any other error as a fault of the program. `number` tells jobs apart.
    """

    _numbers = itertools.count(1)

    def __init__(
        self, work: Callable[[Progress], bytes], *, name: str, file: str, media_type: str
    ) -> None:
        self.name, self.file, self.media_type = name, file, media_type
        self.number = next(self._numbers)
        self.done, self.of = 0, 1
        self.result: bytes | None = None
        self.error: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable) -> None:
        try:
            self.result = work(self._progress)
        except Stopped:
            pass
        except AtelierError as error:
            self.error = str(error)
        except Exception as error:
            self.error = f"the file could not be created ({type(error).__name__}: {error})"

    def _progress(self, done: int, of: int) -> None:
        self.done, self.of = done, of
        if self._stop.is_set():
            raise Stopped

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        self._stop.set()

    def wait(self, seconds: float) -> None:
        self._thread.join(seconds)


class JobError(AtelierError):
    """More jobs at once than the limits allow."""


_starting = threading.Lock()
_whose: WeakKeyDictionary[Job, str] = WeakKeyDictionary()


def start_job(
    work: Callable[[Progress], bytes], *, name: str, file: str = "", media_type: str = ""
) -> Job:
    """Starts a job of this session, with which it ends. Raises `JobError`."""
    key, most = visitor.key(), limits.current()
    with _starting:
        running = [owner for job, owner in _whose.items() if job.running]
        if (count := running.count(key)) >= most.jobs_per_visitor:
            raise JobError(f"{count} of your computations are running; stop one or wait for it")
        if len(running) >= most.jobs_at_once:
            raise JobError("the server is computing for others; try again in a minute")
        job = Job(work, name=name, file=file, media_type=media_type)
        _whose[job] = key
    _of_session().add(job)
    return job


@st.cache_resource(
    scope="session", show_spinner=False, on_release=lambda jobs: [job.stop() for job in jobs]
)
def _of_session() -> WeakSet[Job]:
    """The jobs of this session; Streamlit releases them when its connection has ended."""
    return WeakSet()

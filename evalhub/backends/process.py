"""A process of our own behind a backend, which can be ended at any moment, whatever it is busy with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from evalhub.errors import EvalhubError


class Child:
    """Runs `python -m MODULE`, which calls `serve`, and talks with it through a pipe.

    Args:
        module: its name.
        job: the first message that it gets.
    """

    def __init__(self, module: str, job: Any) -> None:
        self.pipe, theirs = Pipe()
        # A session of its own: Ctrl-C is for the parent, whose end of the pipe is what the child lives by.
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        self.send(job)

    def send(self, message: Any) -> None:
        """Give it a message. Blocks while one that is larger than a pipe waits to be taken.

        Raises:
            EvalhubError: it died.
        """
        try:
            self.pipe.send(message)
        except (BrokenPipeError, ConnectionResetError):
            self.receive()

    def receive(self) -> Any:
        """Its next message.

        Raises:
            EvalhubError: the message is one, or it died.
        """
        try:
            message = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            code = self._process.wait()
            killed = " (killed: out of memory?)" if code == -signal.SIGKILL else ""
            raise EvalhubError(
                f"the model's process ended with code {code}{killed}; run the same command to go on where it was"
            ) from None
        if isinstance(message, EvalhubError):
            raise message
        return message

    def close(self) -> None:
        """End it and what it has started."""
        self.pipe.close()
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def serve(work: Callable[[Connection, Any], None]) -> None:
    """The child's side: call `work` with the pipe and the job until the pipe closes. What goes wrong is sent as
    one line."""
    pipe = Connection(int(sys.argv[1]))
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        work(pipe, pipe.recv())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except EvalhubError as error:
        pipe.send(error)
    except Exception as error:  # whatever a library or a model's own code raises
        pipe.send(EvalhubError(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"))
    os._exit(0)


def _end_with(parent: int) -> None:
    """End this session when the parent has: a call that takes long would not notice that its pipe is closed."""
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(os.getpgrp(), signal.SIGKILL)

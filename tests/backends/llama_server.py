"""llama.cpp's own server, in a process of its own: `python -m tests.backends.llama_server FILE.gguf PORT`."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SLOTS, _CONTEXT = 8, 1024


@contextmanager
def serving(gguf: Path) -> Iterator[str]:
    """Serve a model; gives the base of the interface."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.backends.llama_server", str(gguf), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}/v1"
        for _ in range(240):
            assert process.poll() is None, "the server ended"
            try:
                urllib.request.urlopen(f"{url}/models", timeout=5).close()
                break
            except OSError:
                time.sleep(0.25)
        yield url
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Serve until standard input closes."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = sys.argv[1]
    parameters.hostnames, parameters.port = ["127.0.0.1"], int(sys.argv[2])
    parameters.n_parallel, parameters.n_ctx = _SLOTS, _SLOTS * _CONTEXT
    # Two threads wait for each other at every step, which takes for ever on a busy machine.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(parameters)
    sys.stdin.read()
    del server


if __name__ == "__main__":
    main()

"""Frames over a stream socket: four bytes of length, then so many bytes; one over the limit is refused."""

from __future__ import annotations

import array
import json
import os
import socket
from typing import Any

HEADER = 4

LEAVING = b"e"
"""In the parent's word to stop: the process has closed its link, and may be about to end by itself."""


class Closed(Exception):
    """The other side hung up."""


class TooLong(Exception):
    """The other side announced a frame over the limit."""


def send(fd: int, payload: bytes) -> None:
    """Send one frame."""
    view = memoryview(len(payload).to_bytes(HEADER, "little") + payload)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except (BrokenPipeError, ConnectionError) as error:
            raise Closed from error


def receive(fd: int, limit: int) -> bytes:
    """The next frame."""
    size = int.from_bytes(_exactly(fd, HEADER), "little")
    if size > limit:
        raise TooLong(f"a message of {size} bytes")
    return _exactly(fd, size)


def _exactly(fd: int, size: int) -> bytes:
    parts = []
    while size:
        try:
            part = os.read(fd, min(size, 1 << 20))
        except ConnectionError as error:
            raise Closed from error
        if not part:
            raise Closed
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def send_request(channel: socket.socket, request: dict[str, Any], files: list[int]) -> None:
    """Send a request together with open descriptors."""
    payload = json.dumps(request).encode()
    channel.sendmsg(
        [len(payload).to_bytes(HEADER, "little")],
        [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))],
    )
    channel.sendall(payload)


def receive_request(channel: socket.socket, most_files: int) -> tuple[dict[str, Any], list[int]]:
    """The inverse of `send_request`."""
    files = array.array("i")
    header, ancillary, _, _ = channel.recvmsg(HEADER, socket.CMSG_SPACE(most_files * files.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            files.frombytes(data[: len(data) - len(data) % files.itemsize])
    header += _exactly(channel.fileno(), HEADER - len(header))
    return json.loads(_exactly(channel.fileno(), int.from_bytes(header, "little"))), list(files)

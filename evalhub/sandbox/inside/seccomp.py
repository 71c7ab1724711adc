"""A filter on system calls: a short list of doors that no honest program needs, shut.

It adds to the namespaces what they do not limit: memory outside the address space (memfd, System V shared
memory, message queues, larger buffers of sockets), what the machine or a user has a fixed number of (asynchronous
requests, watches of files), locks on files that others see, the kernel's log and its list of mounts, sockets,
executing anything, and new namespaces with their capabilities.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from functools import cache

from . import linux

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Name: number on x86-64, number on aarch64 (None where that architecture never had the call).
_REFUSED: dict[str, tuple[int, int | None]] = {
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "socket": (41, 198),
    "setsockopt": (54, 208),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "io_setup": (206, 0),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    "flock": (73, 32),
    "syslog": (103, 116),
    "statmount": (457, 457),
    "listmount": (458, 458),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
}
_CLONE = (56, 220)
_CLONE3 = 435
_CLONE_THREAD = 0x00010000
_X32_BIT = 0x40000000

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE = 0x00050000 | errno.EPERM
_NO_SUCH_CALL = 0x00050000 | errno.ENOSYS
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


@cache
def build(machine: str, forks: bool) -> bytes:
    """The filter's program for a machine (as `os.uname` names it); `forks` lets new processes through."""
    if machine not in _ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"no filter is known for {machine}")
    column = list(_ARCHITECTURES).index(machine)
    program = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_JUMP_EQUAL, _ARCHITECTURES[machine], if_true=1),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER),
        _instruction(_JUMP_GREATER_EQUAL, _X32_BIT, if_false=1),
        _instruction(_RETURN, _KILL),
    ]
    for name, numbers in _REFUSED.items():
        number = numbers[column]
        if number is not None and not (forks and name in ("fork", "vfork")):
            program += [_instruction(_JUMP_EQUAL, number, if_false=1), _instruction(_RETURN, _REFUSE)]
    # clone3 keeps its flags in memory, where a filter cannot look: without it, libraries fall back to clone.
    program += [_instruction(_JUMP_EQUAL, _CLONE3, if_false=1), _instruction(_RETURN, _NO_SUCH_CALL)]
    new_namespaces = (
        linux.CLONE_NEWNS
        | linux.CLONE_NEWUTS
        | linux.CLONE_NEWIPC
        | linux.CLONE_NEWUSER
        | linux.CLONE_NEWPID
        | linux.CLONE_NEWNET
    )
    program += [
        _instruction(_JUMP_EQUAL, _CLONE[column], if_true=1),
        _instruction(_RETURN, _ALLOW),
        _instruction(_LOAD, _FIRST_ARGUMENT),
        _instruction(_JUMP_ANY_BIT, new_namespaces, if_false=1),
        _instruction(_RETURN, _REFUSE),
        _instruction(_JUMP_ANY_BIT, _CLONE_THREAD, if_true=1),
        _instruction(_RETURN, _ALLOW if forks else _REFUSE),
        _instruction(_RETURN, _ALLOW),
    ]
    return b"".join(program)


def install(forks: bool) -> None:
    """Put the filter on this process for good; needs PR_SET_NO_NEW_PRIVS first."""
    program = build(os.uname().machine, forks)
    body = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(body))
    linux.prctl(linux.PR_SET_SECCOMP, 2, header)

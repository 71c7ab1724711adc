"""The few Linux calls that Python lacks (or has only from 3.12), each raising OSError when refused."""

from __future__ import annotations

import ctypes
import os
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 0x2

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38

CAP_SYS_ADMIN = 21

_PR_CAP_AMBIENT = 47

_MOUNT_ATTR_LOCKED = 0x1 | 0x2 | 0x4  # read-only, nosuid, nodev
_AT_RECURSIVE = 0x8000
_AT_FDCWD = -100
_SYS_MOUNT_SETATTR = 442  # the same on every architecture
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    _checked(_libc.unshare(flags), "unshare")


def enter(namespace: int, kind: int) -> None:
    """setns(2): back into a namespace that is held open."""
    _checked(_libc.setns(namespace, kind), "setns")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """mount(2)."""
    _checked(
        _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()),
        f"mount {target}",
    )


def unmount_lazily(target: str) -> None:
    """umount2(2) with MNT_DETACH."""
    _checked(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def make_read_only(target: str) -> None:
    """Make a mount and all mounts below it read-only, without set-user-id and without devices."""
    attributes = struct.pack("QQQQ", _MOUNT_ATTR_LOCKED, 0, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR),
        ctypes.c_int(_AT_FDCWD),
        target.encode(),
        ctypes.c_uint(_AT_RECURSIVE),
        attributes,
        ctypes.c_size_t(len(attributes)),
    )
    _checked(result, "mount_setattr")


def pivot_root(new: str, old: str) -> None:
    """pivot_root(2)."""
    _checked(_libc.pivot_root(new.encode(), old.encode()), "pivot_root")


def prctl(option: int, value: int, extra: bytes | None = None) -> None:
    """prctl(2)."""
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(option, ctypes.c_ulong(value), extra or zero, zero, zero), f"prctl {option}")


def set_capabilities(*kept: int, executed: bool = False) -> None:
    """Keep only these capabilities (of the first 32); where `executed`, so does a program executed next."""
    low = sum(1 << capability for capability in kept)
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, struct.pack("IIIIII", low, low, low * executed, 0, 0, 0)), "capset")
    if executed:
        for capability in kept:
            _checked(_libc.prctl(_PR_CAP_AMBIENT, *map(ctypes.c_ulong, (2, capability, 0, 0))), "prctl ambient")


def map_only(uid: int, gid: int, outer_uid: int, outer_gid: int, proc: int) -> None:
    """In a fresh user namespace, give this process's outer ids the inner names `uid` and `gid`.

    `proc` is an open folder /proc: the jails mount none.
    """
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{gid} {outer_gid} 1"),
    ):
        file = os.open(f"self/{name}", os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
        try:
            os.write(file, text.encode())
        finally:
            os.close(file)

"""Refuses a script what no reduction needs of the kernel and what a user namespace would open: seccomp, as machine code.

Refused: files that lend their owner's rights (set-user-id), further user namespaces, other processes' limits, sockets other than Unix,
internet and netlink, the kernel's keys, io_uring (which goes round all of this), tracing of the kernel, and memory that belongs to no process, so
that nobody could count it: files without a name, shared memory, semaphores and queues of System V.
"""

import ctypes
import errno
import os
import struct

from . import kernel

LOAD, MASKED, SHIFT_EQUAL, SHIFT_GREATER, SHIFT_ANY, ANSWER = 0x20, 0x54, 0x15, 0x25, 0x45, 0x06
ALLOW = 0x7FFF0000
REFUSE = 0x00050000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
SECCOMP_SET_MODE_FILTER = 1
# Without it kernels before 5.16 slow down everything that a filtered process computes.
SECCOMP_FILTER_FLAG_SPEC_ALLOW = 1 << 2

SET_USER_ID, SET_GROUP_ID = 0o4000, 0o2000
CREATING = os.O_CREAT | 0o20000000
NEW_USER_NAMESPACE = kernel.CLONE_NEWUSER
FAMILIES = (1, 2, 10, 16)

# Numbers by machine: of architecture, of seccomp itself, and of the calls that are looked at.
CALLS = {
    "x86_64": {
        "architecture": 0xC000003E,
        "seccomp": 317,
        "chmod": ((90, 1), (91, 1), (268, 2), (452, 2)),
        "creat": ((85, 1), (133, 1), (259, 2)),
        "open": ((2, 1), (257, 2)),
        "clone": (56, 272),
        "socket": 41,
        "prlimit": 302,
        "missing": (435, 437, 425, 426, 427, 319, 447, 29, 64, 68),
        "refused": (246, 248, 249, 250, 298, 308, 320, 321, 323),
        "second": 0x40000000,
    },
    "aarch64": {
        "architecture": 0xC00000B7,
        "seccomp": 277,
        "chmod": ((52, 1), (53, 2), (452, 2)),
        "creat": ((33, 2),),
        "open": ((56, 2),),
        "clone": (220, 97),
        "socket": 198,
        "prlimit": 261,
        "missing": (435, 437, 425, 426, 427, 279, 447, 194, 190, 186),
        "refused": (104, 217, 218, 219, 241, 268, 280, 282, 294),
        "second": None,
    },
}


def is_known_here():
    return os.uname().machine in CALLS


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


class Assembled:
    """What a prepared interpreter has put together before there was a script."""

    program = b""


def assemble_ahead():
    Assembled.program = assembled()


def assembled():
    return b"".join(struct.pack("=HBBI", *one) for one in instructions(CALLS[os.uname().machine]))


def apply():
    """Holds for this process and all that it starts, for ever. Needs `gain_no_rights` before."""
    calls = CALLS[os.uname().machine]
    program = Assembled.program or assembled()
    code = ctypes.create_string_buffer(program, len(program))
    given = Program(len(program) // 8, ctypes.addressof(code))
    answer = kernel.libc.syscall(
        ctypes.c_long(calls["seccomp"]),
        ctypes.c_uint(SECCOMP_SET_MODE_FILTER),
        ctypes.c_uint(SECCOMP_FILTER_FLAG_SPEC_ALLOW),
        ctypes.byref(given),
    )
    kernel.asked(answer, "filtering system calls")


def refuse(number):
    return (ANSWER, 0, 0, REFUSE | number)


def instructions(calls):
    """One test after the other; each block ends in an answer or falls through to the next with the call's number loaded."""
    allowed = (ANSWER, 0, 0, ALLOW)
    number = (LOAD, 0, 0, NUMBER)
    # Another architecture's numbers mean other calls: a script of ours makes none of them.
    made = [(LOAD, 0, 0, ARCHITECTURE), (SHIFT_EQUAL, 1, 0, calls["architecture"]), refuse(errno.ENOSYS), number]
    if calls["second"] is not None:
        made += [(SHIFT_GREATER, 0, 1, calls["second"] - 1), refuse(errno.ENOSYS)]
    for call in calls["missing"]:
        made += [(SHIFT_EQUAL, 0, 1, call), refuse(errno.ENOSYS)]
    for call in calls["refused"]:
        made += [(SHIFT_EQUAL, 0, 1, call), refuse(errno.EPERM)]
    for call, place in calls["chmod"]:
        # A set-group-id bit is what copying a directory's mode brings along: it is passed over, not an error.
        made += block(call, [
            argument(place),
            (SHIFT_ANY, 0, 1, SET_USER_ID), refuse(errno.EPERM),
            (SHIFT_ANY, 0, 1, SET_GROUP_ID), refuse(0),
            allowed,
        ])
    for call, place in calls["creat"]:
        made += block(call, [argument(place), (SHIFT_ANY, 0, 1, SET_USER_ID | SET_GROUP_ID), refuse(errno.EPERM), allowed])
    for call, place in calls["open"]:
        made += block(call, [
            argument(place),
            (SHIFT_ANY, 1, 0, CREATING), allowed,
            argument(place + 1),
            (SHIFT_ANY, 0, 1, SET_USER_ID | SET_GROUP_ID), refuse(errno.EPERM),
            allowed,
        ])
    for call in calls["clone"]:
        made += block(call, [argument(0), (SHIFT_ANY, 0, 1, NEW_USER_NAMESPACE), refuse(errno.EPERM), allowed])
    # A process of the same user may set another's limits: the supervisor's, for one.
    made += block(calls["prlimit"], [argument(0), (SHIFT_EQUAL, 1, 0, 0), refuse(errno.EPERM), allowed])
    families = []
    for family in FAMILIES:
        families += [(SHIFT_EQUAL, 0, 1, family), allowed]
    made += block(calls["socket"], [argument(0)] + families + [refuse(errno.EAFNOSUPPORT)])
    return made + [allowed]


def argument(place):
    """The lower half of an argument; none that is looked at has more."""
    return (LOAD, 0, 0, FIRST_ARGUMENT + 8 * place)


def block(call, steps):
    return [(SHIFT_EQUAL, 0, len(steps), call)] + steps

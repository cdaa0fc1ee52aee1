"""What the kernel does with memory for this process: large pages, and files that lie in it."""

import ctypes
import os

from .kernel import asked, libc

MFD_CLOEXEC = 1
# Linux 6.1.
MADV_COLLAPSE = 25
LARGE_PAGE_BYTES = 2 * 1024 * 1024
# Numbers of the call by machine.
SYS_MEMFD_CREATE = {"x86_64": 319, "aarch64": 279}


def gather_into_large_pages():
    """Puts this process's memory into pages of 2 MB wherever that fills them: a fork copies one entry for each, and not 512.

    Does nothing where the kernel knows no way.
    """
    with open("/proc/self/maps", "rb") as file:
        places = [line.split(None, 5) for line in file]
    for place in places:
        if place[1] != b"rw-p" or len(place) == 6 and place[5].strip() != b"[heap]":
            continue
        start, end = (int(address, 16) for address in place[0].split(b"-"))
        for address in range(-(-start // LARGE_PAGE_BYTES) * LARGE_PAGE_BYTES, end - LARGE_PAGE_BYTES + 1, LARGE_PAGE_BYTES):
            libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(LARGE_PAGE_BYTES), ctypes.c_int(MADV_COLLAPSE))


def make_file(name):
    """A file that lies in memory, for as long as somebody has it open. Asked of the kernel: not every Python has been built to know it."""
    number = SYS_MEMFD_CREATE[os.uname().machine]
    answer = libc.syscall(ctypes.c_long(number), ctypes.c_char_p(os.fsencode(name)), ctypes.c_uint(MFD_CLOEXEC))
    return asked(answer, "a file in memory")

# SPDX-License-Identifier: Apache-2.0
"""A command on a terminal of its own, as a person would run it."""

import os
import pty
import select
import signal
import termios
import time

TIMEOUT_S = 60


class Terminal:
    """Runs argv on a new terminal; `screen` is all that appeared on it."""

    def __init__(self, argv, env):
        self.screen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, env)

    def read(self, deadline):
        """What appears next; "" at the end."""
        ready, _, _ = select.select([self.fd], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            os.kill(self.pid, signal.SIGKILL)
            raise TimeoutError(f"nothing more after {self.screen!r}")
        try:
            text = os.read(self.fd, 4096).decode(errors="replace")
        except OSError:  # the other side is closed
            text = ""
        self.screen += text
        return text

    def read_more(self):
        """Whether anything appeared before the end."""
        return bool(self.read(time.monotonic() + TIMEOUT_S))

    def wait_for(self, text):
        deadline = time.monotonic() + TIMEOUT_S
        seen = len(self.screen)
        while text not in self.screen[seen:]:
            if not self.read(deadline):
                raise EOFError(f"no {text!r} in {self.screen[seen:]!r}")

    def answer(self, prompt, line):
        self.wait_for(prompt)
        os.write(self.fd, line.encode() + b"\n")

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        """Waits for the end; the exit code, or minus the signal."""
        deadline = time.monotonic() + TIMEOUT_S
        while self.read(deadline):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""terminal.py STEP... -- COMMAND...: COMMAND on a terminal of its own, which the steps work.

  see TEXT       wait until TEXT was printed behind what was seen last
  type TEXT      as from a keyboard; \\r, \\x1d and the like mean what they do in Python
  size ROWSxCOLS another window size
  kill SIGNAL    to COMMAND
  run COMMAND    of the shell, while nothing is read of what is printed
  end            wait until COMMAND has ended

Prints what was printed, then a line "terminal: same" or "changed" (its settings), and ends as
COMMAND did (128 + N by signal N); with 99 when a step took more than a minute.
"""
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 60


def set_size(fd, text):
    rows, columns = (int(part) for part in text.split("x"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    def __init__(self, command):
        # A second open of the other end: what is set there outlives COMMAND.
        self.master, self.slave = os.openpty()
        set_size(self.slave, "24x80")
        self.before = termios.tcgetattr(self.slave)
        self.output, self.seen, self.status = b"", 0, None
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.master)
            self.login()
            os.execvp(command[0], command)

    def login(self):
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(self.slave, fd)

    def take(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            self.output += os.read(self.master, 65536)
            return True
        return False

    def has_ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def until(self, what, reached):
        end = time.monotonic() + PATIENCE
        while not reached():
            if time.monotonic() > end:
                self.give_up("waited in vain: " + what)
            self.take(0.1)

    def see(self, text):
        def reached():
            at = self.output.find(text, self.seen)
            if at >= 0:
                self.seen = at + len(text)
            return at >= 0

        def reached_or_over():
            if reached():
                return True
            if self.has_ended() and not self.take(0.2):
                if reached():
                    return True
                self.give_up("has ended, not seen: %r" % text)
            return False

        self.until("see %r" % text, reached_or_over)

    def run(self, word, argument):
        text = argument.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")
        if word == "see":
            self.see(text)
        elif word == "type":
            os.write(self.master, text)
        elif word == "size":
            set_size(self.slave, argument)
        elif word == "run":
            if subprocess.run(argument, shell=True, stdin=subprocess.DEVNULL).returncode != 0:
                self.give_up("failed: " + argument)
        elif word == "kill":
            os.kill(self.pid, getattr(signal, "SIG" + argument))
        else:
            sys.exit("no such step: " + word)

    def end(self):
        self.until("end", self.has_ended)
        while self.take(0):
            pass

    def show(self):
        sys.stdout.flush()
        sys.stdout.buffer.write(self.output)
        same = termios.tcgetattr(self.slave) == self.before
        sys.stdout.buffer.write(b"\nterminal: %s\n" % (b"same" if same else b"changed"))
        sys.stdout.flush()

    def give_up(self, why):
        self.show()
        print(why)
        if not self.has_ended():
            os.kill(self.pid, signal.SIGKILL)
        sys.exit(99)


def main():
    at = sys.argv.index("--")
    steps, command = sys.argv[1:at], sys.argv[at + 1:]
    terminal = Terminal(command)
    while steps:
        word = steps.pop(0)
        if word == "end":
            terminal.end()
        else:
            terminal.run(word, steps.pop(0))
    terminal.end()
    terminal.show()
    sys.exit(terminal.status if terminal.status >= 0 else 128 - terminal.status)


main()

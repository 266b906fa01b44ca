"""This file lets you run several programs as one: they start together, speak through one voice, and end together."""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

# Seconds that the programs have to end by themselves.
PATIENCE = 10
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def supervise(
    programs: Mapping[str, Sequence[str]],
    *,
    cwd: Path,
    env: Mapping[str, str],
    output: int,
    started: Callable[[], None] = lambda: None,
) -> list[str]:
    """Run the programs until one ends or a signal says stop, then stop the others with all that they started.

    Each line that a program writes goes to the descriptor `output` behind the program's name; `started` is called when
    all have been started. Returns a sentence for each program that ended by itself; none when a signal (SIGTERM,
    SIGINT, SIGHUP) ended it all. Must be called in the main thread, with no other thread running.
    """
    with contextlib.closing(_Tree(output, max(map(len, programs)))) as tree, tree.signals():
        try:
            for name, command in programs.items():
                tree.start(name, command, cwd, env)
            started()
            while not tree.told_to_stop and not tree.ended():
                tree.listen(None)
            return [] if tree.told_to_stop else tree.reasons()
        finally:
            tree.stop()


class _Tree:
    def __init__(self, output: int, width: int) -> None:
        self.output = output
        self.width = width
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.told_to_stop = False
        self.selector = selectors.DefaultSelector()
        self.wakeup, self.alarm = os.pipe()
        for end in (self.wakeup, self.alarm):
            os.set_blocking(end, False)
        self.selector.register(self.wakeup, selectors.EVENT_READ)
        self.unfinished: dict[str, bytes] = {}

    def start(self, name: str, command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        child = subprocess.Popen(  # noqa: S603
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C in a terminal reaches us alone, and we pass it on in order.
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - see above: no threads
        )
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        os.set_blocking(child.stdout.fileno(), False)
        self.children[name] = child
        self.selector.register(child.stdout, selectors.EVENT_READ, name)

    def listen(self, seconds: float | None) -> bool:
        """Wait for a line, a signal or the end of a program, at most so long, and pass lines on; whether one came."""
        events = self.selector.select(seconds)
        for key, _ in events:
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wakeup, 1024)
            else:
                self._pass_on(key.data, key.fd)
        return bool(events)

    def _pass_on(self, name: str, pipe: int) -> None:
        try:
            piece = os.read(pipe, 65536)
        except BlockingIOError:
            return
        if not piece:
            self.selector.unregister(pipe)
        *lines, rest = (self.unfinished.pop(name, b"") + piece).split(b"\n")
        if rest and not piece:
            lines.append(rest)
        elif rest:
            self.unfinished[name] = rest
        for line in lines:
            self._say(f"{name.ljust(self.width)} | {line.decode('utf-8', 'replace')}\n")

    def _say(self, line: str) -> None:
        # Not by sys.stdout: where that is unbuffered, a signal in the middle of a long line loses the rest of it.
        left = line.encode()
        # Where nobody reads any more the programs still have their work to do.
        with contextlib.suppress(OSError):
            while left:
                left = left[os.write(self.output, left) :]

    def ended(self) -> list[str]:
        return [name for name, child in self.children.items() if child.poll() is not None]

    def reasons(self) -> list[str]:
        return [f"{name} ended by itself ({_how(self.children[name].returncode)})" for name in self.ended()]

    def stop(self) -> None:
        for child in self.children.values():
            # To the program alone: it tells those that it started, each once.
            child.terminate()
        deadline = time.monotonic() + PATIENCE
        while len(self.ended()) < len(self.children) and (left := deadline - time.monotonic()) > 0:
            self.listen(left)
        for child in self.children.values():
            # To its whole group: also to what it left behind when it ended.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        while self.listen(0):
            pass

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Let stop signals and the ends of programs interrupt the listening."""
        previous = {number: signal.signal(number, self._told) for number in STOPPING}
        previous[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        before = signal.set_wakeup_fd(self.alarm, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            for number, action in previous.items():
                signal.signal(number, action)

    def _told(self, number: int, frame: FrameType | None) -> None:
        self.told_to_stop = True

    def close(self) -> None:
        self.selector.close()
        for child in self.children.values():
            if child.stdout is not None:
                child.stdout.close()
        os.close(self.wakeup)
        os.close(self.alarm)


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _end_with_parent() -> None:
    """Have the kernel end this child should its parent be killed in a way that leaves no time to say so."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

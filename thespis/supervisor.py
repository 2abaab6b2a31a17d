"""Starts the platform's processes, starts a fallen one again, and ends them in order.

Each child asks the kernel to be killed when this process dies (runtime/parent.py), so none is left behind by kill -9.
"""

import asyncio
import functools
import os
import signal

import structlog

from runtime.parent import end_with_parent, leave_no_core
from thespis.plan import ENDING_ORDER, Program

log = structlog.get_logger("thespis.up")

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
STEADY_AFTER_S = 10.0
ENDING_TIMEOUT_S = 10.0
"""More than a gateway needs to drain its sessions and requests, or a worker to hand back a segment."""
HOPELESS_EXIT_CODE = 2
"""What our services return when their settings can't be used; a restart would not help."""


class HopelessChild(RuntimeError):
    """Raised when a child says that its settings can't be used."""


class Supervisor:
    """The running children of one platform."""

    def __init__(self, programs: list[Program]) -> None:
        self._programs = programs
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._ending = asyncio.Event()

    def start(self, *, after_ready: bool = False) -> None:
        """Starts those at once that are for this moment; who comes up before its neighbour waits for it by itself."""
        for program in self._programs:
            if program.after_ready is after_ready:
                self._keepers[program.name] = asyncio.create_task(self._keep(program))

    async def failed(self) -> None:
        """Runs while all is well. Raises HopelessChild."""
        done, _ = await asyncio.wait(self._keepers.values(), return_when=asyncio.FIRST_EXCEPTION)
        for keeper in done:
            keeper.result()

    async def _keep(self, program: Program) -> None:
        wait_s = FIRST_WAIT_S
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            child = await _spawn(program)
            self._running[program.name] = child
            code = await child.wait()
            del self._running[program.name]
            if self._ending.is_set():
                return
            if code == HOPELESS_EXIT_CODE and program.role != "redis":
                raise HopelessChild(f"{program.name} could not be started; its message stands above")
            wait_s = FIRST_WAIT_S if loop.time() - started > STEADY_AFTER_S else min(2 * wait_s, LONGEST_WAIT_S)
            if code == 0:  # it was told to end, or had grown too large
                log.info("child_ended", name=program.name, again_in_s=wait_s)
            else:
                log.warning("child_fell", name=program.name, exit_code=code, again_in_s=wait_s)
            await asyncio.sleep(wait_s)
            if self._ending.is_set():
                return

    async def stop(self) -> None:
        """Ends role after role; whoever does not go in time is killed."""
        self._ending.set()
        for role in ENDING_ORDER:
            names = [program.name for program in self._programs if program.role == role]
            await asyncio.gather(*(self._end(name) for name in names))
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        # A child that was just being started again when its role's turn came.
        await asyncio.gather(*(self._end(name) for name in list(self._running)))

    async def _end(self, name: str) -> None:
        child = self._running.get(name)
        if child is None:
            return
        child.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(ENDING_TIMEOUT_S):
                await child.wait()
        except TimeoutError:
            log.warning("child_killed", name=name)
            child.kill()
            await child.wait()


async def _spawn(program: Program) -> asyncio.subprocess.Process:
    # A process group of its own keeps the terminal's Ctrl-C from the children: they are ended in order. Not a session
    # of its own: Linux shares the processor among sessions first (autogroup), and a job would get as much as a frame.
    return await asyncio.create_subprocess_exec(
        *program.command,
        env=dict(program.environment),
        process_group=0,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,  # they log on standard error; Celery prints its end here, past all settings
        preexec_fn=functools.partial(_prepared, os.getpid()),
    )


def _prepared(parent: int) -> None:
    leave_no_core()
    end_with_parent(parent)

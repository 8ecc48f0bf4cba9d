"""The worker of a process: takes jobs from the queue in a thread beside the pages."""

from __future__ import annotations

import logging
import threading

from django.db import Error, connection
from django_tasks_db.management.commands.db_worker import Worker as QueueWorker

from ecoledger.jobs import running

log = logging.getLogger(__name__)

# Each look into the queue would be told.
logging.getLogger("django_tasks_db").setLevel(logging.WARNING)

# Seconds between two looks into a queue that other processes may put work in; what this one puts in is taken at once.
LOOK_EVERY = 1.0
# Seconds before the next look when the database cannot be reached.
REST = 5.0


class Worker(threading.Thread):
    """Does jobs one after another until it is stopped; the one in hand is finished first."""

    def __init__(self, number: int = 1) -> None:
        super().__init__(name=f"jobs-{number}", daemon=True)
        self._ending = threading.Event()
        self._queue = QueueWorker(
            queue_names=["*"],
            interval=LOOK_EVERY,
            batch=True,  # it comes back when the queue is empty
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=self.name,
            excluded_queue_names=[],
        )

    def run(self) -> None:
        while not self._ending.is_set():
            running.queued.clear()
            try:
                self._queue.run()
            except Error:
                log.warning("the queue cannot be read; trying again", exc_info=True)
                self._mend()
                continue
            if not self._ending.is_set():
                running.queued.wait(LOOK_EVERY)

    def _mend(self) -> None:
        connection.close()
        self._ending.wait(REST)
        try:
            running.give_up_own()
        except Error:
            log.warning("the queue cannot be read yet")

    def stop(self, patience: float = 30.0) -> None:
        """Take no further job, and wait for the one in hand."""
        self._queue.running = False
        self._ending.set()
        running.queued.set()
        if self.is_alive():
            self.join(patience)

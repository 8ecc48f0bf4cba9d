"""The worker of a process: takes jobs from the queue in a thread beside the pages."""

from __future__ import annotations

import logging
import threading

from django.db import Error, connection
from django_tasks_db.management.commands.db_worker import Worker as QueueWorker

from ecoledger.jobs import running

log = logging.getLogger(__name__)

# Seconds between two looks into an empty queue.
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
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=self.name,
            excluded_queue_names=[],
        )

    def run(self) -> None:
        while self._queue.running:
            try:
                self._queue.run()
            except Error:
                log.warning("the queue cannot be read; trying again", exc_info=True)
                self._mend()

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
        if self.is_alive():
            self.join(patience)

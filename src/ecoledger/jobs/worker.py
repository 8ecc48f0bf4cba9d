"""The worker of the one process: takes jobs from the queue in a thread beside the pages."""

from __future__ import annotations

import threading

from django_tasks_db.management.commands.db_worker import Worker as QueueWorker

# Seconds between two looks into an empty queue.
LOOK_EVERY = 1.0


class Worker(threading.Thread):
    """Does jobs one after another until it is stopped; the one in hand is finished first."""

    def __init__(self, number: int = 1) -> None:
        super().__init__(name=f"jobs-{number}", daemon=True)
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
        self._queue.run()

    def stop(self, patience: float = 30.0) -> None:
        """Take no further job, and wait for the one in hand."""
        self._queue.running = False
        if self.is_alive():
            self.join(patience)

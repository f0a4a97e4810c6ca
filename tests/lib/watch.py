"""Time as a test may count it. A machine stands still now and then (another one's turn, a slow disk), and nobody on it is to blame: such
spans count for GRACE_SECONDS at most. What is slow because it works, or waits for somebody who works, counts in full."""
import threading
import time

TURN_SECONDS = 0.02
GRACE_SECONDS = 0.1  # later than that nobody woke us although we asked for nothing else


class _Watch(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.now = (0.0, time.monotonic())  # counted until then

    def run(self):
        while True:
            time.sleep(TURN_SECONDS)
            self.now = self._counted()

    def _counted(self):
        counted, at = self.now
        now = time.monotonic()
        return counted + min(now - at, GRACE_SECONDS), now

    def seconds(self):
        return self._counted()[0]


_watch = _Watch()
_watch.start()


def seconds():
    """In place of time.monotonic(), for spans that are held against a limit."""
    return _watch.seconds()

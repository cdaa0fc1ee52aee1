import signal
import threading
import time
import unittest

from simulator.stop_request import StopRequest


class StopRequests(unittest.TestCase):
    def test_nobody_asked(self):
        stop = StopRequest()
        began = time.monotonic()
        self.assertFalse(stop.wait(0.2))
        self.assertGreaterEqual(time.monotonic() - began, 0.2)
        self.assertFalse(stop.is_set())

    def test_a_thread_wakes_the_one_that_waits_and_the_request_stays(self):
        stop = StopRequest()
        threading.Timer(0.1, stop.set).start()
        self.assertTrue(stop.wait(240))
        self.assertTrue(stop.is_set())
        self.assertTrue(stop.wait(240))

    def test_a_signal_at_any_moment_is_heard(self):
        stop = StopRequest()
        handled = 0

        def handle(*_):
            nonlocal handled
            handled += 1
            stop.set()

        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, handle))
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        # With `threading.Event` the first few dozen signals meet one that enters `wait`, and hang there.
        signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
        while handled < 2000:
            stop.wait(0)
        self.assertTrue(stop.is_set())


if __name__ == '__main__':
    unittest.main()

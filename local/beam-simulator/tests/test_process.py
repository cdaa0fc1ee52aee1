import os
import signal
import subprocess
import sys
import unittest

from simulator.sample_archive import raw_files
from tests.support import SIMULATOR, WithFolder, eventually, folder_of


class Process(WithFolder):
    def start(self, *arguments, **environment):
        process = subprocess.Popen(
            [sys.executable, str(SIMULATOR / 'simulate.py'), '--archive', str(self.folder / 'archive'), *arguments],
            env={**os.environ, **environment}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()

    def test_prints_one_line_a_run_and_ends_after_as_many_as_were_asked_for(self):
        out, err = self.start('--fast', '--runs', '6').communicate(timeout=240)
        self.assertEqual(err, '')
        lines = out.splitlines()
        self.assertEqual(len([line for line in lines if ' uAh in ' in line]), 6)
        self.assertRegex(lines[5], r'^\d{4}-\d\d-\d\dT[\d:]{8}Z ENGINX00364121 "316L weld 4x4x4 pos 1" RB 2610234, ')

    def test_makes_the_archive_and_no_run_where_none_is_asked_for(self):
        out, err = self.start('--runs', '0').communicate(timeout=240)
        self.assertEqual(err, '')
        self.assertNotIn(' uAh in ', out)
        self.assertEqual(len(raw_files(folder_of(self.folder / 'archive', 'POLARIS'))), 1)

    def test_ends_cleanly_when_told_to(self):
        for name in (signal.SIGTERM, signal.SIGINT):
            process = self.start()
            eventually(lambda: 'playing into' in process.stdout.readline())
            process.send_signal(name)
            out, err = process.communicate(timeout=240)
            self.assertEqual((process.returncode, err), (0, ''))
            self.assertIn('stopped', out)

    def test_ends_with_its_parent_where_asked_to(self):
        process = self.start(exit_with_parent='1')
        eventually(lambda: 'playing into' in process.stdout.readline())
        process.stdin.close()
        self.assertEqual(process.wait(timeout=240), 0)

    def test_a_second_simulator_keeps_out(self):
        first = self.start()
        eventually(lambda: 'playing into' in first.stdout.readline())
        second = self.start()
        _, err = second.communicate(timeout=240)
        self.assertEqual(second.returncode, 1)
        self.assertIn('Another beam simulator is playing into', err)

    def test_a_foreign_folder_is_refused_in_a_sentence(self):
        (self.folder / 'archive' / 'NDXGEM').mkdir(parents=True)
        process = self.start('--runs', '1')
        _, err = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 1)
        self.assertIn('was not made by the beam simulator', err)
        self.assertNotIn('Traceback', err)

    def test_goes_on_after_being_killed(self):
        process = self.start('--fast')
        folder = folder_of(self.folder / 'archive', 'MUSR')
        eventually(lambda: len(raw_files(folder)) > 3)
        process.kill()
        process.communicate()
        # Twice round the instruments: the first turn may be spent on completing the file that was cut.
        out, err = self.start('--fast', '--runs', '8').communicate(timeout=240)
        self.assertEqual(err, '')
        numbers = [number for number, _ in raw_files(folder)]
        self.assertEqual(numbers, list(range(98760, 98760 + len(numbers))))
        self.assertGreater(len(numbers), 4)


if __name__ == '__main__':
    unittest.main()

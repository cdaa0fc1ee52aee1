import os
import unittest
import xml.etree.ElementTree as ElementTree

import h5py
import numpy as np

from simulator.control_system import ANNOUNCED_EARLY, AT_ONCE, GROWING, choose_manner, publish
from simulator.raw_nexus import raw_file
from simulator.sample_archive import NotASampleArchive, last_run, open_sample_archive, raw_files
from tests.support import BY_NAME, INSTRUMENTS, WithFolder, folder_of, new_beam, simulate

NAMESPACE = '{http://definition.nexusformat.org/schema/3.0}'


def opens(path):
    try:
        with h5py.File(path, 'r'):
            return True
    except OSError:
        return False


class SampleArchive(WithFolder):
    def test_a_new_archive_has_scripts_and_an_earlier_run(self):
        new_beam(self.folder).set_up()
        for instrument in INSTRUMENTS:
            home = self.folder / f'NDX{instrument.name}'
            line = (home / 'Instrument/logs/lastrun.txt').read_text()
            self.assertEqual(line, f'{instrument.name} {instrument.first_run:08d} 0 \n')
            self.assertTrue(opens(home / f'Instrument/data/cycle_26_2/{instrument.name}{instrument.first_run:08d}.nxs'))
            for script in ('reduce.py', 'reduce_vars.py'):
                self.assertTrue((home / 'user/scripts/autoreduction' / script).is_file())

    def test_the_first_runs_count_for_a_while_although_the_archive_is_new(self):
        said = []
        beam = new_beam(self.folder, said=said)
        beam.fast = False
        beam.set_up()
        for instrument in INSTRUMENTS:
            beam.next_run(instrument)
        for line in said[-4:]:
            self.assertGreater(int(line.split(' uAh in ')[1].split()[0]), 25, line)

    def test_a_run_follows_another_after_a_restart(self):
        for _ in range(2):
            beam = new_beam(self.folder)
            beam.set_up()
            beam.next_run(BY_NAME['INTER'])
        numbers = [number for number, _ in raw_files(folder_of(self.folder, 'INTER'))]
        self.assertEqual(numbers, [87450, 87451, 87452])
        self.assertEqual(last_run(folder_of(self.folder, 'INTER')), 87452)

    def test_an_unreadable_lastrun_does_not_begin_the_numbers_anew(self):
        new_beam(self.folder).set_up()
        folder_of(self.folder, 'MUSR').lastrun.write_bytes(b'\xff\xfe nonsense')
        beam = new_beam(self.folder)
        beam.set_up()
        beam.next_run(BY_NAME['MUSR'])
        self.assertEqual(folder_of(self.folder, 'MUSR').lastrun.read_text(), 'MUSR 00098761 0 \n')

    def test_an_edited_script_is_kept_and_a_missing_one_comes_back(self):
        new_beam(self.folder).set_up()
        scripts = folder_of(self.folder, 'ENGINX').scripts
        (scripts / 'reduce.py').write_text('# mine')
        (scripts / 'focusing.py').unlink()
        new_beam(self.folder).set_up()
        self.assertEqual((scripts / 'reduce.py').read_text(), '# mine')
        self.assertTrue((scripts / 'focusing.py').is_file())

    def test_a_run_cut_off_while_it_was_written_is_completed_at_the_next_start(self):
        beam = new_beam(self.folder)
        beam.set_up()
        beam.next_run(BY_NAME['POLARIS'])
        path = folder_of(self.folder, 'POLARIS').raw_file('26_3', 162311)
        os.truncate(path, 5000)
        said = []
        new_beam(self.folder, said=said).set_up()
        self.assertTrue(opens(path))
        self.assertEqual(said, ['POLARIS00162311: completed, the simulator had been cut off while it was written'])

    def test_the_oldest_files_and_journal_entries_go(self):
        beam = new_beam(self.folder, keep=3)
        beam.set_up()
        for _ in range(15):
            beam.next_run(BY_NAME['INTER'])
        folder = folder_of(self.folder, 'INTER')
        self.assertEqual([number for number, _ in raw_files(folder)], [87463, 87464, 87465])
        self.assertLess(folder.journal('26_3').read_text().count('<NXentry'), 16)
        ElementTree.parse(folder.journal('26_3'))

    def test_files_that_are_not_the_simulators_stay(self):
        beam = new_beam(self.folder, keep=1)
        beam.set_up()
        older = folder_of(self.folder, 'INTER').raw_file('26_3', 13460)
        older.write_bytes(b'a real one')
        for _ in range(3):
            beam.next_run(BY_NAME['INTER'])
        self.assertTrue(older.exists())

    def test_a_folder_with_other_things_in_it_is_refused(self):
        (self.folder / 'NDXGEM').mkdir()
        with self.assertRaises(NotASampleArchive):
            open_sample_archive(self.folder)
        self.assertEqual(os.listdir(self.folder), ['NDXGEM'])

    def test_the_same_seed_measures_the_same(self):
        counts = []
        for name in ('one', 'two'):
            beam = new_beam(self.folder / name)
            beam._began = 1_780_000_000
            beam.set_up()
            beam.next_run(BY_NAME['ENGINX'])
            with h5py.File(folder_of(self.folder / name, 'ENGINX').raw_file('26_3', 364121), 'r') as file:
                counts.append(file['raw_data_1/detector_1/counts'][()])
        np.testing.assert_array_equal(*counts)

    def test_a_full_disk_at_one_instrument_leaves_the_others_alone(self):
        said = []
        beam = new_beam(self.folder, said=said)
        beam.set_up()
        data = folder_of(self.folder, 'ENGINX').data('26_3')
        data.rmdir()
        data.write_text('in the way')
        beam.play(4, 0)
        self.assertIn('ENGINX: run not written', said[4])
        self.assertEqual(len([line for line in said if 'uAh' in line]), 3)


class EndOfRun(WithFolder):
    """What a reader finds at each moment while the control system ends a run."""

    def publish(self, manner, stopped=False):
        folder = folder_of(self.folder, 'INTER')
        before = simulate('INTER', 'Ni 45 nm on Si S1 th=0.7')
        run = simulate('INTER', 'Ni 45 nm on Si S1 th=2.3')
        publish(folder, before, raw_file(before, np.random.default_rng(1)), AT_ONCE, lambda _: False, 500)
        moments = []
        path = folder.raw_file('26_3', run.number)

        def look(_seconds=0.0):
            journal = folder.journal('26_3').read_text()
            moments.append((path.stat().st_size, opens(path), folder.lastrun.read_text().split(), run.stem in journal))
            return stopped

        publish(folder, run, raw_file(run, np.random.default_rng(1)), manner, look, 500)
        look()
        return moments

    def test_a_growing_file_does_not_open_and_is_announced_only_when_complete(self):
        moments = self.publish(GROWING)
        self.assertEqual([opened for _, opened, _, _ in moments], [False, False, True])
        self.assertEqual([tokens[1] for _, _, tokens, _ in moments], ['00087451', '00087451', '00087452'])
        self.assertEqual([noted for _, _, _, noted in moments], [False, False, True])
        sizes = [size for size, *_ in moments]
        self.assertTrue(0 < sizes[0] < sizes[1] < sizes[2])

    def test_now_and_then_a_file_is_announced_before_it_is_complete(self):
        moments = self.publish(ANNOUNCED_EARLY)
        self.assertEqual([opened for _, opened, _, _ in moments], [False, False, True])
        self.assertEqual({tuple(tokens) for _, _, tokens, _ in moments}, {('INTER', '00087452', '0')})
        self.assertEqual([noted for _, _, _, noted in moments], [False, False, True])

    def test_a_stopped_simulator_completes_what_it_began(self):
        self.assertTrue(self.publish(GROWING, stopped=True)[-1][1])

    def test_one_file_in_twelve_is_announced_early(self):
        manners = [choose_manner(np.random.default_rng([26, 5, number, 1])) for number in range(1200)]
        self.assertAlmostEqual(manners.count(ANNOUNCED_EARLY) / 1200, 1 / 12, delta=0.02)
        self.assertGreater(manners.count(GROWING), 400)

    def test_the_journal_is_as_sloppy_as_the_real_one_and_still_xml(self):
        self.publish(AT_ONCE)
        path = folder_of(self.folder, 'INTER').journal('26_3')
        entries = ElementTree.parse(path).getroot().findall(f'{NAMESPACE}NXentry')
        self.assertEqual([entry.get('name') for entry in entries], ['INTER00087451', 'INTER00087452'])
        self.assertEqual(entries[1].find(f'{NAMESPACE}run_number').text, '87452\n        ')
        self.assertEqual(entries[1].find(f'{NAMESPACE}title').text, 'Ni 45 nm on Si S1 th=2.3')
        self.assertIn('journal_26_3.xml', path.with_name('journal_main.xml').read_text())


if __name__ == '__main__':
    unittest.main()

import time
import unittest

import h5py
import numpy as np

from tests.support import INSTRUMENTS, WithFolder, simulate, write


def text(dataset):
    return dataset[0].decode('latin-1')


class RawFiles(WithFolder):
    def test_a_file_reads_back_as_what_was_simulated(self):
        for instrument in INSTRUMENTS:
            run = simulate(instrument.name, instrument.programme(1).title)
            with self.subTest(instrument.name), h5py.File(write(run, self.folder), 'r') as file:
                entry = file['raw_data_1']
                self.assertEqual(text(entry['definition']), 'TOFRAW' if instrument.neutrons else 'pulsedTD')
                self.assertEqual(text(entry['title']), run.plan.title)
                self.assertEqual(text(entry['experiment_identifier']), run.plan.rb_number)
                self.assertEqual(text(entry['user_1/name']), run.plan.users)
                self.assertEqual(entry['run_number'][0], run.number)
                self.assertEqual(text(entry['start_time']), '2026-07-01T11:59:10')
                self.assertEqual(text(entry['end_time']), '2026-07-01T12:00:00')
                self.assertEqual(entry['duration'][0], 50)
                self.assertEqual(entry['good_frames'][0], run.exposure.good_frames)
                self.assertEqual(entry['raw_frames'][0], run.exposure.raw_frames)
                self.assertAlmostEqual(entry['proton_charge'][0], run.exposure.proton_charge, 5)
                self.assertEqual(entry['proton_charge'].attrs['units'], b'uAh')
                self.assertEqual(text(entry['beamline']), instrument.name)
                self.assertEqual(entry['name'].attrs['short_name'].decode(), instrument.short_name)
                self.assertEqual(entry['periods/number'][0], 1)
                counts = entry['detector_1/counts']
                self.assertEqual(counts.dtype, np.int32)
                self.assertEqual(counts.compression, 'gzip')
                np.testing.assert_array_equal(counts[0], run.histograms.counts)
                self.assertEqual(counts, entry['instrument/detector_1/counts'])
                self.assertEqual(counts.attrs['target'], b'/raw_data_1/instrument/detector_1/counts')

    def test_the_old_tables_give_the_geometry_of_each_spectrum(self):
        run = simulate('ENGINX', 'CeO2 4x4x15')
        with h5py.File(write(run, self.folder), 'r') as file:
            vms = file['raw_data_1/isis_vms_compat']
            rows = {number: row for row, number in enumerate(vms['SPEC'][()])}
            for i, number in enumerate(file['raw_data_1/detector_1/spectrum_index'][()]):
                self.assertAlmostEqual(vms['TTHE'][rows[number]], run.histograms.two_theta[i], 3)
                self.assertAlmostEqual(vms['LEN2'][rows[number]], run.histograms.secondary_path[i], 5)
            self.assertEqual(len(vms['UDET']), vms['NDET'][0])

    def test_logs_hold_times_values_and_units(self):
        run = simulate('POLARIS', 'CeO2 in furnace T=700 K')
        with h5py.File(write(run, self.folder), 'r') as file:
            log = file['raw_data_1/selog/Temp_1/value_log']
            self.assertEqual(log['value'].shape, log['time'].shape)
            self.assertLess(log['time'][0], 0)
            self.assertAlmostEqual(log['value'][-1], 700, delta=1)
            self.assertEqual(log['value'].attrs['units'], b'K')
            charge = file['raw_data_1/runlog/good_uah_log/value'][()]
            self.assertAlmostEqual(charge[-1], run.exposure.proton_charge, 4)
            self.assertTrue(np.all(np.diff(charge) >= 0))

    def test_units_are_latin_1_as_the_real_ones_are(self):
        with h5py.File(write(simulate('ENGINX', 'CeO2 4x4x15'), self.folder), 'r') as file:
            self.assertEqual(file['raw_data_1/selog/C6_MASTER_PHASE/value'].attrs['units'], b'\xb5s')

    def test_a_line_lies_where_the_geometry_of_its_spectrum_puts_it(self):
        for name, title, primary, d, wanted in (
            ('ENGINX', 'CeO2 4x4x15', 50.0, 1.9132, slice(0, 240)),
            ('POLARIS', 'Si NIST 640e 6 mm V can', 14.0, 1.9202, slice(108, 144)),
        ):
            histograms = simulate(name, title, 280).histograms
            middle = (histograms.tof_edges[1:] + histograms.tof_edges[:-1]) / 2
            for row in range(*wanted.indices(len(histograms.counts)))[::12]:
                sine = np.sin(np.radians(abs(histograms.two_theta[row])) / 2)
                expected = 252.778 * (primary + histograms.secondary_path[row]) * 2 * d * sine
                near = np.abs(middle / expected - 1) < 0.02
                counts = np.convolve(histograms.counts[row], np.ones(5), 'same') * near
                self.assertAlmostEqual(middle[counts.argmax()] / expected, 1, delta=0.004, msg=f'{name} row {row}')

    def test_counts_grow_with_counting_time(self):
        for instrument in INSTRUMENTS:
            title = instrument.programme(1).title
            short, long = (simulate(instrument.name, title, seconds) for seconds in (10, 80))
            per_charge = [run.histograms.counts.sum() / run.exposure.proton_charge for run in (short, long)]
            self.assertGreater(long.histograms.counts.sum(), 4 * short.histograms.counts.sum())
            self.assertAlmostEqual(per_charge[0] / per_charge[1], 1, delta=0.05)

    def test_muons_decay_and_precess(self):
        run = simulate('MUSR', 'Ag TF20 T=290 F=20', 250)
        with h5py.File(write(run, self.folder), 'r') as file:
            detector = file['raw_data_1/detector_1']
            time_axis = detector['corrected_time'][()]
            self.assertEqual(len(detector['raw_time']), len(time_axis) + 1)
            self.assertEqual(detector['counts'].attrs['first_good_bin'], 42)
            counts, forward = detector['counts'][0], detector['grouping'][()] == 1
            self.assertEqual(text(file['raw_data_1/instrument/detector_1/orientation']), 'l')
            self.assertEqual(file['raw_data_1/sample/magnetic_field'][0], 20)
        total = counts.sum(axis=0).astype(float)
        early, late = (total[np.abs(time_axis - at) < 0.4].sum() for at in (5.0, 5.0 + 2.19703))
        self.assertAlmostEqual(early / late, np.e, delta=0.12)
        at_half_turn = np.abs(time_axis - 1 / (2 * 0.01355342 * 20)) < 0.1
        self.assertLess(counts[forward][:, at_half_turn].sum(), 0.75 * counts[~forward][:, at_half_turn].sum())

    def test_files_stay_small_and_take_little_work(self):
        for instrument in INSTRUMENTS:
            before = time.process_time()
            size = write(simulate(instrument.name, instrument.programme(1).title, 300), self.folder).stat().st_size
            self.assertLess(time.process_time() - before, 0.5, instrument.name)
            self.assertLess(size, 1_100_000, instrument.name)

    def test_valid_and_invalid_experiment_numbers_both_come(self):
        for instrument in INSTRUMENTS:
            numbers = {instrument.programme(step).rb_number for step in range(40)}
            valid = {number for number in numbers if number.isdigit() and len(number) == 7}
            self.assertGreaterEqual(len(valid), 2, instrument.name)
            self.assertTrue(numbers - valid, instrument.name)


if __name__ == '__main__':
    unittest.main()

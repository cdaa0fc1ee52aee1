"""The sample script of deploy/environments/scipp, in that environment; in one process, since importing scipp takes seconds."""

import contextlib
import io
import json
import shutil
import sys
import types
import unittest

import h5py
import numpy as np

from tests.support import REAL_FILES, SIMULATOR, WithFolder, simulate, write

SCRIPT = SIMULATOR.parent.parent / 'deploy' / 'environments' / 'scipp' / 'ENGINX'
sys.path.insert(0, str(SCRIPT))

import reduce as script  # noqa: E402
import reduce_vars  # noqa: E402

CERIA = (1.913, 1.353, 1.105)
REAL_RUN = REAL_FILES / 'NDXENGINX' / 'Instrument' / 'data' / 'cycle_20_1' / 'ENGINX00241391.nxs'


def pattern(path, bank):
    """Middles of the bins, intensity and error of a bank, of those bins that have one."""
    with h5py.File(path, 'r') as file:
        data = file['focused'][bank]
        edges, intensity, error = (data[name][()] for name in ('d_spacing', 'intensity', 'intensity_errors'))
    known = np.isfinite(intensity)
    return ((edges[1:] + edges[:-1]) / 2)[known], intensity[known], error[known]


def centroid(path, bank, d):
    """Where the peak near d lies: the centre of what rises above half of it, which must rise far above what is around."""
    middle, intensity, _ = pattern(path, bank)
    near = np.abs(middle / d - 1) < 0.012
    background = np.median(intensity[near])
    height = intensity[near].max() - background
    if height < 3 * background:
        raise AssertionError(f'no peak near {d} in the {bank}: {height} above {background}')
    above = np.clip(intensity[near] - background - height / 2, 0, None)
    return (above * middle[near]).sum() / above.sum()


class WithScript(WithFolder):
    def setUp(self):
        super().setUp()
        self.out = self.folder / 'out'
        self.out.mkdir()

    def reduced(self, paths, **changes):
        """The log of a reduction; `bin__width` is the variable "bin width"."""
        standard, advanced = dict(reduce_vars.standard_vars), dict(reduce_vars.advanced_vars)
        for name, value in changes.items():
            group = standard if name.replace('__', ' ') in standard else advanced
            group[name.replace('__', ' ')] = value
        script.web_var = types.SimpleNamespace(standard_vars=standard, advanced_vars=advanced)
        paths = [str(path) for path in paths] if isinstance(paths, list) else str(paths)
        log = io.StringIO()
        with contextlib.redirect_stdout(log):
            script.main(paths, f'{self.out}/')
        return log.getvalue()

    def refused(self, path, **changes):
        """The sentence that says why nothing was reduced; nothing was written either."""
        with self.assertRaises(script.CannotReduce) as refusal:
            self.reduced(path, **changes)
        self.assertEqual(list(self.out.iterdir()), [])
        return str(refusal.exception)

    def changed(self, path, change):
        """A copy of the raw file with something else in it."""
        copy = self.folder / 'changed' / path.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
        with h5py.File(copy, 'r+') as file:
            change(file['raw_data_1'])
        return copy


@unittest.skipUnless(REAL_FILES.is_dir(), f'real raw files are not here: {REAL_FILES}')
class RealFiles(WithScript):
    def test_ceria_has_its_peaks_where_they_belong_in_each_bank(self):
        log = self.reduced(REAL_RUN)
        for bank in ('north_bank', 'south_bank'):
            for d in CERIA:
                self.assertLess(abs(centroid(self.out / 'ENGINX00241391_focused.nxs', bank, d) / d - 1), 0.005, (bank, d))
        self.assertIn('L1 = 50 m is taken from the variables', log)
        self.assertIn('1194 of 1200 detectors', log)

    def test_aluminium_has_its_peaks_too(self):
        log = self.reduced(REAL_RUN.with_name('ENGINX00299080.nxs'))
        for bank in ('north_bank', 'south_bank'):
            for d in (2.338, 2.025, 1.432, 1.221):
                self.assertLess(abs(centroid(self.out / 'ENGINX00299080_focused.nxs', bank, d) / d - 1), 0.005, (bank, d))
        self.assertIn('masked: 12 dead, 3 noisy', log)

    def test_flashes_of_the_proton_pulses_are_masked(self):
        counted = []
        for times in (reduce_vars.advanced_vars['mask tof'], []):
            log = self.reduced(REAL_RUN, banks='south', mask__tof=times)
            counted.append(int(log.split(' detectors, ')[1].split(' counts')[0].replace(',', '')))
        self.assertLess(counted[0], counted[1])

    def test_other_raw_files_are_refused_in_words(self):
        for path, words in (
            ('NDXHIFI/Instrument/data/cycle_21_2/HIFI00180594.nxs', 'HIFI00180594 is a muon run of HIFI'),
            ('NDXARGUS/Instrument/data/cycle_10_2/ARGUS0044309.nxs', 'ARGUS0044309 cannot be read as a NeXus file'),
            ('NDXINTER/Instrument/data/cycle_13_1/INTER00013460.nxs', 'INTER00013460 is a run of INTER; this script'),
        ):
            self.assertIn(words, self.refused(REAL_FILES / path))

    def test_another_instrument_can_be_set_up(self):
        alf = REAL_FILES / 'NDXALF' / 'Instrument' / 'data' / 'cycle_19_03' / 'ALF82301.nxs'
        log = self.reduced(alf, instrument='ALF', L1=14.9, banks=['all'], bank__angles={'all': [20, 64]}, d__range=[1, 9])
        self.assertIn('all bank: 2368 of 2368 detectors', log)


class SimulatedFiles(WithScript):
    def setUp(self):
        super().setUp()
        self.raw = write(simulate('ENGINX', 'CeO2 4x4x15'), self.folder)

    def test_everything_is_written_as_other_programs_read_it(self):
        self.reduced(self.raw)
        stem = self.raw.stem
        self.assertEqual({path.name for path in self.out.iterdir()},
                         {f'{stem}_focused.{kind}' for kind in ('nxs', 'png', 'json')})
        with h5py.File(self.out / f'{stem}_focused.nxs', 'r') as file:
            entry = file[file.attrs['default']]
            self.assertEqual(entry.attrs['NX_class'], 'NXentry')
            self.assertIn(entry.attrs['default'], entry)
            for bank in ('north_bank', 'south_bank'):
                data = entry[bank]
                self.assertEqual(data.attrs['NX_class'], 'NXdata')
                signal, axis = data[data.attrs['signal']], data[data.attrs['axes'][0]]
                self.assertEqual(len(axis), len(signal) + 1)
                self.assertEqual((axis.attrs['units'], signal.attrs['units']), ('angstrom', 'counts/(uA.hour.angstrom)'))
                self.assertEqual(data[signal.attrs['errors']].shape, signal.shape)
        figure = json.loads((self.out / f'{stem}_focused.json').read_text(), parse_constant=self.fail)
        self.assertEqual([trace['name'] for trace in figure['data']], ['north bank', 'south bank'])
        self.assertIn('CeO2', figure['layout']['title']['text'])
        for bank in ('north_bank', 'south_bank'):
            for d in CERIA:
                self.assertAlmostEqual(centroid(self.out / f'{stem}_focused.nxs', bank, d), d, delta=0.003)

    def test_any_number_of_banks_and_any_title_is_shown(self):
        def retitle(entry):
            del entry['title']
            entry['title'] = [b'CeO2 at 5 $ a \\frac $ {']
        angles = {f'bank {number}': [75 + 5 * number, 80 + 5 * number] for number in range(6)}
        self.reduced(self.changed(self.raw, retitle), banks=list(angles), bank__angles=angles)
        with h5py.File(self.out / f'{self.raw.stem}_focused.nxs', 'r') as file:
            self.assertEqual(len([name for name in file['focused'] if name.startswith('bank')]), 6)
        figure = json.loads((self.out / f'{self.raw.stem}_focused.json').read_text())
        self.assertEqual(len(figure['data']), 6)

    def test_a_file_without_units_means_the_usual_ones(self):
        def lose_units(entry):
            for name in ('proton_charge', 'detector_1/counts', 'detector_1/time_of_flight',
                         'instrument/detector_1/polar_angle', 'instrument/detector_1/distance'):
                del entry[name].attrs['units']
        self.reduced(self.raw, banks='south')
        expected = pattern(self.out / f'{self.raw.stem}_focused.nxs', 'south_bank')
        self.reduced(self.changed(self.raw, lose_units), banks='south')
        np.testing.assert_allclose(pattern(self.out / f'{self.raw.stem}_focused.nxs', 'south_bank'), expected)

    def test_a_batch_is_as_bright_as_its_runs_and_its_errors_are_smaller(self):
        self.reduced(self.raw, banks='north')
        single = pattern(self.out / f'{self.raw.stem}_focused.nxs', 'north_bank')
        twin = shutil.copyfile(self.raw, self.folder / 'ENGINX00999999.nxs')
        self.reduced([self.raw, twin], banks='north')
        both = pattern(self.out / f'{self.raw.stem}_focused.nxs', 'north_bank')
        np.testing.assert_allclose(both[1], single[1], rtol=1e-9)
        np.testing.assert_allclose(both[2], single[2] / np.sqrt(2), rtol=1e-9)

    def test_intensity_is_counts_over_charge_width_and_detectors(self):
        self.reduced(self.raw, banks='north', d__range=[1.2, 1.6], mask__tof=[])
        d, intensity, error = pattern(self.out / f'{self.raw.stem}_focused.nxs', 'north_bank')
        width = d * (np.exp(0.0008) - 1)
        with h5py.File(self.raw, 'r') as file:
            beam = file['raw_data_1/proton_charge'][0] * 120
            counts, tof = file['raw_data_1/detector_1/counts'][0, :120], file['raw_data_1/detector_1/time_of_flight'][()]
            path = 50 + file['raw_data_1/instrument/detector_1/distance'][:120]
            sine = np.sin(np.radians(file['raw_data_1/instrument/detector_1/polar_angle'][:120] / 2))
        # h / m_n in angstrom metre a microsecond; whole channels, so that only those at both ends differ
        middles = 3.956034e-3 * (tof[1:] + tof[:-1]) / 2 / (2 * path * sine)[:, None]
        expected = counts[(middles > 1.2) & (middles < 1.6)].sum()
        self.assertAlmostEqual((intensity * width).sum() * beam / expected, 1, delta=0.01)
        self.assertAlmostEqual(((error * width * beam) ** 2).sum() / expected, 1, delta=0.01)

    def test_masked_detectors_do_not_change_how_bright_it_is(self):
        level = []
        for masked in ([], [[1, 60]]):
            log = self.reduced(self.raw, banks=['north'], mask__spectra=masked)
            level.append(pattern(self.out / f'{self.raw.stem}_focused.nxs', 'north_bank')[1].mean())
        self.assertIn('60 of 120 detectors', log)
        self.assertAlmostEqual(level[1] / level[0], 1, delta=0.05)

    def test_dead_and_noisy_detectors_are_found(self):
        def change(entry):
            counts = entry['detector_1/counts']
            counts[0, 3] = 0
            counts[0, 5] = 1000

        broken = self.changed(self.raw, change)
        self.assertIn('118 of 120 detectors', self.reduced(broken, banks='north'))
        self.assertIn('120 of 120 detectors', self.reduced(broken, banks='north', mask__noisier__than=None,
                                                           mask__dead__detectors=False))

    def test_vanadium_divides_the_shape_of_the_beam_away(self):
        vanadium = write(simulate('ENGINX', 'Vanadium 4x4x15'), self.folder)
        number = int(vanadium.stem[-8:])
        self.reduced(self.raw, vanadium_run=number)
        _, intensity, _ = pattern(self.out / f'{self.raw.stem}_focused.nxs', 'south_bank')
        self.assertAlmostEqual(np.median(intensity), 0.6, delta=0.35)
        shutil.rmtree(self.out)
        self.out.mkdir()
        self.assertIn('The vanadium is not beside the run', self.refused(self.raw, vanadium_run=number + 100))

    def test_geometry_is_taken_from_wherever_the_file_has_it(self):
        def without_detector(entry):
            for name in ('polar_angle', 'distance'):
                del entry['instrument/detector_1'][name]

        def moderator(entry):
            entry['instrument/moderator/distance'][...] = -50.5

        self.reduced(self.raw)
        expected = centroid(self.out / f'{self.raw.stem}_focused.nxs', 'south_bank', 1.913)
        log = self.reduced(self.changed(self.raw, without_detector))
        self.assertIn('geometry of the tables isis_vms_compat', log)
        found = centroid(self.out / f'{self.raw.stem}_focused.nxs', 'south_bank', 1.913)
        self.assertAlmostEqual(found, expected, delta=1e-5)
        log = self.reduced(self.changed(self.raw, moderator))
        self.assertNotIn('L1 =', log)
        self.assertLess(centroid(self.out / f'{self.raw.stem}_focused.nxs', 'south_bank', 1.913), expected / 1.009)

    def test_what_a_file_lacks_is_said(self):
        def lose(*names):
            def change(entry):
                for name in names:
                    del entry[name]
            return change

        def events(entry):
            entry.move('detector_1', 'detector_1_events')

        for change, words, changes in (
            (lose('detector_1'), 'has no histograms of detectors (detector_1).', {}),
            (lose('monitor_1', 'monitor_2'), 'the file has no monitor. Change "monitor", or "normalise by"',
             {'normalise__by': 'monitor'}),
            (lose('proton_charge'), 'has no proton charge to normalise by', {}),
            (lose('instrument/detector_1/polar_angle', 'isis_vms_compat'), 'does not say where its detectors are', {}),
            (events, 'only detector_1_events: it may hold events', {}),
        ):
            self.assertIn(words, self.refused(self.changed(self.raw, change), **changes))
        cut = self.folder / 'ENGINX00000001.nxs'
        cut.write_bytes(self.raw.read_bytes()[:20000])
        self.assertIn('not yet copied to its end?', self.refused(cut))

    def test_a_wrong_variable_is_named(self):
        for changes, words in (
            ({'banks': ['west']}, '"banks" must name one or more of: north, south; west is none of them.'),
            ({'d__range': [3]}, '"d range" wants two numbers'),
            ({'d__range': [30, 40]}, 'sees nothing from 30 to'),
            ({'bin__width': 0}, '"bin width" must be a number from'),
            ({'normalise__by': 'the moon'}, '"normalise by" must be one of: proton charge, monitor, none.'),
            ({'mask__spectra': ['1-3']}, '"mask spectra" wants spectrum numbers'),
            ({'mask__spectra': [[1, 120]]}, 'Nothing is left of the north bank'),
            ({'bank__angles': {'north': [1, 2]}, 'banks': 'north'}, 'has no detector of the north bank'),
        ):
            self.assertIn(words, self.refused(self.raw, **changes))

    def test_every_variable_has_a_help_text(self):
        for part in ('standard_vars', 'advanced_vars'):
            self.assertEqual(list(getattr(reduce_vars, part)), list(reduce_vars.variable_help[part]))


if __name__ == '__main__':
    unittest.main()

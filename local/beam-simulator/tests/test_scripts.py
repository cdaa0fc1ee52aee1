import ast
import json
import math
import subprocess
import unittest

import h5py
import numpy as np

from simulator.sample_archive import install_scripts
from tests.support import BY_NAME, SIMULATOR, WithFolder, folder_of, reduce, simulate, write


def peak_near(path, group, d, width=0.02):
    """Where the focused pattern has its highest point within a fraction of d."""
    with h5py.File(path, 'r') as file:
        edges, intensity = file[group]['d_spacing'][()], file[group]['intensity'][()]
    middle = (edges[1:] + edges[:-1]) / 2
    near = np.abs(middle / d - 1) < width
    return middle[near][np.nanargmax(intensity[near])]


class WithScripts(WithFolder):
    def setUp(self):
        super().setUp()
        for name in BY_NAME:
            install_scripts(folder_of(self.folder / 'archive', name))
        self.out = self.folder / 'out'

    def scripts(self, name):
        return folder_of(self.folder / 'archive', name).scripts

    def reduced(self, name, title, seconds=50, **changes):
        """The raw file's stem and the log of a reduction of a simulated run."""
        path = write(simulate(name, title, seconds), self.folder)
        return path.stem, reduce(self.scripts(name), path, self.out, **changes)

    def check_outputs(self, stem, suffix, nexus=None):
        """A picture, a figure and a NeXus file whose default plot can be found; all named after the raw file."""
        for path in self.out.iterdir():
            self.assertTrue(path.name.startswith(stem), path.name)
        self.assertEqual((self.out / f'{stem}_{suffix}.png').read_bytes()[:8], b'\x89PNG\r\n\x1a\n')
        figure = json.loads((self.out / f'{stem}_{suffix}.json').read_text(), parse_constant=self.fail)
        self.assertTrue(figure['layout']['xaxis']['title']['text'])
        self.assertTrue(figure['layout']['yaxis']['title']['text'])
        for trace in figure['data']:
            self.assertEqual(len(trace['x']), len(trace['y']))
            self.assertGreater(len(trace['x']), 50)
        with h5py.File(self.out / f'{stem}_{nexus or suffix}.nxs', 'r') as file:
            entry = file[file.attrs['default']]
            data = entry[entry.attrs['default']]
            self.assertEqual((entry.attrs['NX_class'], data.attrs['NX_class']), ('NXentry', 'NXdata'))
            signal, axis = data[data.attrs['signal']], data[data.attrs['axes']]
            self.assertEqual(data[signal.attrs['errors']].shape, signal.shape)
            self.assertIn(len(axis) - len(signal), (0, 1))
            self.assertTrue(axis.attrs['units'])


class Enginx(WithScripts):
    def test_enginx_finds_the_lines_of_ceria_in_both_banks(self):
        stem, log = self.reduced('ENGINX', 'CeO2 4x4x15')
        self.check_outputs(stem, 'dspacing', 'reduced')
        for bank in ('north_bank', 'south_bank'):
            for d in (1.913, 1.353, 1.105):
                found = peak_near(self.out / f'{stem}_reduced.nxs', f'focused/{bank}', d)
                self.assertAlmostEqual(found, d, delta=0.003)
        self.assertIn('120 spectra', log)

    def test_enginx_sees_the_strain_of_a_pulled_bar(self):
        for title in ('Al 2024 tensile 0 MPa', 'Al 2024 tensile 400 MPa'):
            self.reduced('ENGINX', title)
        free, pulled = sorted(self.out.glob('*_reduced.nxs'))
        for bank, sign in (('north_bank', 1), ('south_bank', -1)):
            change = peak_near(pulled, f'focused/{bank}', 1.2210) / peak_near(free, f'focused/{bank}', 1.2210) - 1
            self.assertGreater(sign * change, 0.0005)

    def test_enginx_divides_by_vanadium_skips_spectra_and_changes_units(self):
        vanadium = write(simulate('ENGINX', 'Vanadium 4x4x15'), self.folder)
        number = int(vanadium.stem[-8:])
        stem, log = self.reduced('ENGINX', 'CeO2 4x4x15', vanadium_run=number, skip__spectra=[3, 4, 5], banks=['north'],
                                 normalise__by='monitor')
        self.assertIn('north bank: 117 spectra', log)
        self.assertNotIn('south', log)
        with h5py.File(self.out / f'{stem}_reduced.nxs', 'r') as file:
            self.assertAlmostEqual(np.nanmedian(file['focused/north_bank/intensity']), 0.6, delta=0.35)

    def test_enginx_says_what_was_wrong_with_a_variable(self):
        with self.assertRaises(subprocess.CalledProcessError) as failure:
            self.reduced('ENGINX', 'CeO2 4x4x15', normalise__by='the moon')
        self.assertIn('"normalise by" must be one of: proton charge, monitor, none', failure.exception.stdout)


class Polaris(WithScripts):
    def test_intensity_does_not_depend_on_counting_time_but_its_error_does(self):
        levels = []
        for seconds in (10, 160):
            stem, _ = self.reduced('POLARIS', 'V rod 8 mm', seconds)
            with h5py.File(self.out / f'{stem}_focused.nxs', 'r') as file:
                data = file['focused/bank_4']
                levels.append((np.nanmean(data['intensity']), np.nanmean(data['intensity_errors'])))
        self.assertAlmostEqual(levels[0][0] / levels[1][0], 1, delta=0.04)
        self.assertAlmostEqual(levels[0][1] / levels[1][1], 4, delta=1.2)

    def test_polaris_finds_the_lines_of_silicon(self):
        stem, _ = self.reduced('POLARIS', 'Si NIST 640e 6 mm V can')
        self.check_outputs(stem, 'focused')
        for bank, delta in ((3, 0.012), (4, 0.005), (5, 0.004)):
            self.assertAlmostEqual(peak_near(self.out / f'{stem}_focused.nxs', f'focused/bank_{bank}', 1.9202, 0.03),
                                   1.9202, delta=delta)

    def test_polaris_sees_ceria_expand(self):
        for title in ('CeO2 in furnace T=300 K', 'CeO2 in furnace T=1300 K'):
            self.reduced('POLARIS', title)
        cold, hot = (peak_near(path, 'focused/bank_5', 1.110, 0.015) for path in sorted(self.out.glob('*.nxs')))
        self.assertAlmostEqual(hot / cold - 1, 0.011, delta=0.002)

    def test_polaris_focuses_all_banks_between_given_limits(self):
        stem, log = self.reduced('POLARIS', 'LaB6 NIST 660c 6 mm V can', banks=[1, 2, 3, 4, 5], **{'d-max': 12.5})
        self.check_outputs(stem, 'focused')
        self.assertIn('to 12.49 angstrom', log)


class Inter(WithScripts):
    def test_inter_finds_total_reflection_and_the_critical_edge(self):
        stem, _ = self.reduced('INTER', 'Ni 45 nm on Si S1 th=0.7')
        self.check_outputs(stem, 'reflectivity')
        q, r, _ = np.loadtxt(self.out / f'{stem}_reflectivity.dat').T
        self.assertAlmostEqual(r[q < 0.018].mean(), 1, delta=0.03)
        edge = q[r < 0.5][0]
        self.assertAlmostEqual(edge, 4 * math.sqrt(math.pi * 9.41e-6), delta=0.003)

    def test_inter_merges_two_angles_into_one_curve(self):
        runs = [write(simulate('INTER', f'Ni 45 nm on Si S1 th={theta}'), self.folder) for theta in ('2.3', '0.7')]
        log = reduce(self.scripts('INTER'), runs, self.out)
        self.check_outputs(runs[0].stem, 'reflectivity')
        q, r, error = np.loadtxt(self.out / f'{runs[0].stem}_reflectivity.dat').T
        self.assertTrue(np.all(np.diff(q) > 0))
        self.assertLess(q[0], 0.012)
        self.assertGreater(q[-1], 0.2)
        factor = float(log.split('scaled by ')[2].split()[0])
        self.assertAlmostEqual(factor, 1, delta=0.05)

    def test_inter_takes_an_angle_that_is_given(self):
        _, log = self.reduced('INTER', 'Ni 45 nm on Si S1 th=0.7', theta=0.8)
        self.assertIn('theta = 0.800', log)


class Musr(WithScripts):
    def test_musr_measures_the_field_and_the_asymmetry(self):
        stem, log = self.reduced('MUSR', 'Ag TF20 T=290 F=20')
        self.check_outputs(stem, 'asymmetry')
        with h5py.File(self.out / f'{stem}_asymmetry.nxs', 'r') as file:
            fit = file['asymmetry/fit']
            self.assertEqual(fit.attrs['model'], 'rotation')
            self.assertAlmostEqual(fit['field'][()], 20, delta=5 * fit['field'].attrs['error'])
            self.assertAlmostEqual(fit['asymmetry'][()], 0.23, delta=0.01)
            self.assertLess(fit.attrs['chi_squared'], 1.5)
        self.assertIn('alpha = 1.05', log)

    def test_musr_sees_the_relaxation_grow_towards_the_transition(self):
        rates = []
        for title in ('MnSi ZF T=45 F=0', 'MnSi ZF T=31 F=0'):
            stem, _ = self.reduced('MUSR', title)
            with h5py.File(self.out / f'{stem}_asymmetry.nxs', 'r') as file:
                rates.append(file['asymmetry/fit/rate'][()])
        self.assertAlmostEqual(rates[1], 0.05 + 0.9 / 2.1, delta=0.08)
        self.assertLess(rates[0], 0.5 * rates[1])

    def test_musr_needs_its_dead_time_correction(self):
        fits = []
        for correct in (True, False):
            stem, _ = self.reduced('MUSR', 'Ag TF20 T=290 F=20', 250, dead__time__correction=correct)
            with h5py.File(self.out / f'{stem}_asymmetry.nxs', 'r') as file:
                fits.append(file['asymmetry/fit'].attrs['chi_squared'])
        self.assertLess(fits[0], fits[1])

    def test_a_truncated_file_fails_with_a_reason_and_writes_nothing(self):
        path = write(simulate('MUSR', 'Ag TF20 T=290 F=20'), self.folder)
        path.write_bytes(path.read_bytes()[:20000])
        with self.assertRaises(subprocess.CalledProcessError) as failure:
            reduce(self.scripts('MUSR'), path, self.out)
        self.assertIn('truncated file', failure.exception.stdout)
        self.assertEqual(list(self.out.iterdir()), [])


class AllScripts(unittest.TestCase):
    def test_variables_are_of_every_kind_and_each_has_a_help_text(self):
        kinds, names = set(), []
        for path in sorted(SIMULATOR.glob('scripts/*/reduce_vars.py')):
            module = {}
            exec(compile(path.read_text(), str(path), 'exec'), module)
            for part in ('standard_vars', 'advanced_vars'):
                self.assertEqual(list(module[part]), list(module['variable_help'][part]), path.parent.name)
                kinds |= {type(value) for value in module[part].values()}
                names += module[part]
        self.assertTrue({str, int, float, bool, list, dict, type(None)} <= kinds)
        self.assertTrue(any(' ' in name for name in names) and any('-' in name for name in names))

    def test_everything_is_python_3_9_and_short(self):
        for path in SIMULATOR.rglob('*.py'):
            ast.parse(path.read_text(), feature_version=(3, 9))
        for path in SIMULATOR.glob('scripts/*/*.py'):
            self.assertLessEqual(len(path.read_text().splitlines()), 130, path)


if __name__ == '__main__':
    unittest.main()

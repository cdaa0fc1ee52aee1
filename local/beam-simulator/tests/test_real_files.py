import unittest

import h5py
import numpy as np

from simulator.sample_archive import install_scripts
from tests.support import BY_NAME, REAL_FILES, WithFolder, folder_of, reduce, simulate, write
from tests.test_scripts import peak_near


@unittest.skipUnless(REAL_FILES.is_dir(), f'real raw files are not here: {REAL_FILES}')
class RealFiles(WithFolder):
    """The sample scripts are scripts for the real instruments too."""

    def setUp(self):
        super().setUp()
        for name in BY_NAME:
            install_scripts(folder_of(self.folder / 'archive', name))
        self.out = self.folder / 'out'

    def reduced(self, instrument, *names, scripts=None, **changes):
        paths = [next(REAL_FILES.glob(f'NDX{instrument}/Instrument/data/*/{name}.nxs')) for name in names]
        folder = folder_of(self.folder / 'archive', scripts or instrument).scripts
        return reduce(folder, paths if len(paths) > 1 else paths[0], self.out, **changes)

    def test_enginx_ceria(self):
        self.reduced('ENGINX', 'ENGINX00241391')
        for bank in ('north_bank', 'south_bank'):
            for d in (1.913, 1.353, 1.105):
                self.assertAlmostEqual(peak_near(self.out / 'ENGINX00241391_reduced.nxs', f'focused/{bank}', d), d,
                                       delta=0.0035)

    def test_enginx_aluminium(self):
        log = self.reduced('ENGINX', 'ENGINX00299080')
        self.assertIn('south bank: 1200 spectra', log)
        found = peak_near(self.out / 'ENGINX00299080_reduced.nxs', 'focused/south_bank', 2.338)
        self.assertAlmostEqual(found, 2.338, delta=0.004)

    def test_inter_silicon_against_heavy_water_at_two_angles(self):
        self.reduced('INTER', 'INTER00013460', 'INTER00013462')
        q, r, _ = np.loadtxt(self.out / 'INTER00013460_reflectivity.dat').T
        self.assertAlmostEqual(q[r < 0.5][0], 0.0148, delta=0.0008)
        self.assertLess(r[q > 0.12].mean(), 5e-4)

    def test_a_muon_run_of_another_instrument(self):
        self.reduced('HIFI', 'HIFI00180594', scripts='MUSR')
        with h5py.File(self.out / 'HIFI00180594_asymmetry.nxs', 'r') as file:
            self.assertLess(file['asymmetry/fit'].attrs['chi_squared'], 1.5)

    def test_simulated_files_have_all_the_groups_of_a_real_one(self):
        beam_file = write(simulate('ENGINX', 'CeO2 4x4x15'), self.folder)
        real = next(REAL_FILES.glob('NDXENGINX/Instrument/data/*/ENGINX00299080.nxs'))
        with h5py.File(beam_file, 'r') as ours, h5py.File(real, 'r') as theirs:
            missing = set(theirs['raw_data_1']) - set(ours['raw_data_1'])
            self.assertEqual(missing - {'monitor_3', 'monitor_4', 'measurement'}, set())
            for path in ('detector_1', 'monitor_1', 'periods', 'runlog', 'sample', 'user_1'):
                self.assertEqual(set(theirs['raw_data_1'][path]) - set(ours['raw_data_1'][path]), set(), path)

    def test_simulated_files_give_angles_the_sign_that_a_real_one_gives_them(self):
        beam_file = write(simulate('ENGINX', 'CeO2 4x4x15'), self.folder)
        real = next(REAL_FILES.glob('NDXENGINX/Instrument/data/*/ENGINX00241391.nxs'))
        for path, of_bank in ((beam_file, 120), (real, 1200)):
            with h5py.File(path, 'r') as file:
                angles = file['raw_data_1/instrument/detector_1/polar_angle'][()]
            np.testing.assert_allclose(angles[[0, of_bank - 1]], [75, 105], err_msg=path.name)
            np.testing.assert_allclose(angles[[of_bank, 2 * of_bank - 1]], [-75, -105], err_msg=path.name)


if __name__ == '__main__':
    unittest.main()

import { asymmetry, diffraction, map, picture, reflectivity } from './sample-figures.ts'
import type { StoredFile } from './world.ts'

/** Samples are drawn once; hundreds of reductions share them. */
const drawn = new Map<string, Buffer>()
const once = (name: string, draw: () => Buffer): Buffer => {
  const bytes = drawn.get(name) ?? draw()
  drawn.set(name, bytes)
  return bytes
}
const json = (path: string, figure: () => unknown): StoredFile => ({
  path,
  mediaType: 'application/json',
  plot: 'plotly',
  bytes: once(figure.name, () => Buffer.from(JSON.stringify(figure()))),
})
const image = (path: string, phase: number): StoredFile => ({
  path,
  mediaType: 'image/png',
  plot: 'image',
  bytes: once(`picture ${phase}`, () => picture(phase)),
})
const other = (path: string, mediaType: string, size: number): StoredFile => ({
  path,
  mediaType,
  plot: null,
  bytes: once(`blank ${size}`, () => Buffer.alloc(size, 32)),
})

/** The result of one reduction, as that instrument's script would write it. */
export const filesFor = (instrument: string, run: number): readonly StoredFile[] => {
  const stem = `${instrument}${run}`
  const rest = [
    other(`${stem}_reduced.nxs`, 'application/x-hdf5', 3_140_000),
    other('provenance.json', 'application/json', 2_210),
    other(`reduction_log/RB_1920234_Run_${run}_Script.out`, 'text/plain', 812),
  ]
  switch (instrument) {
    case 'HIFI':
      return [json(`${stem}_asymmetry.json`, asymmetry), image(`${stem}_groups.png`, 1), ...rest]
    case 'INTER':
      return [json(`${stem}_reflectivity.json`, reflectivity), ...rest]
    case 'LOQ':
    case 'SANS2D':
      return [json(`${stem}_detector.json`, map), image(`${stem}_radial.png`, 0), ...rest]
    case 'ALF':
      return rest
    default:
      return [
        json(`${stem}_focused.json`, diffraction),
        image(`${stem}_bank_1.png`, 0),
        image(`${stem}_bank_2.png`, 2),
        ...rest,
      ]
  }
}

/** What that script printed. */
export const sampleLog = (instrument: string, run: number): string =>
  [
    `Reading ${instrument}00${run}.nxs: 2,509 spectra, 8,793 time channels`,
    'Proton charge 22.57 µA·h, 18,992 good frames',
    'WARNING: 12 spectra have no geometry and are left out',
    'Focusing bank 1 of 2 (North), 1,200 spectra',
    'Focusing bank 2 of 2 (South), 1,200 spectra',
    'Peaks found at 1.913, 1.353, 1.105 Å',
    `Saved ${instrument}${run}_focused.nxs, 3.1 MB`,
    '',
  ].join('\n')

/** What a script printed that failed. */
export const traceback = `Reading ENGINX00299079.nxs: 2,509 spectra, 8,793 time channels
Looking for the vanadium run 236516 in cycle_18_03, cycle_18_02, cycle_18_01
Traceback (most recent call last):
  File "/isis/NDXENGINX/user/scripts/autoreduction/reduce.py", line 41, in main
    vanadium = load_vanadium(web_var.standard_vars['vanadium_run'])
  File "/isis/NDXENGINX/user/scripts/autoreduction/reduce.py", line 17, in load_vanadium
    raise FileNotFoundError(f'vanadium run {number} not found')
FileNotFoundError: vanadium run 236516 not found
`

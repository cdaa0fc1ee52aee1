import type { Reduction } from '#contracts/api.ts'
import type { Variable } from '#domain/variables.ts'

export const text = (value: string): Variable['value'] => ({ type: 'string', value })
export const whole = (value: string): Variable['value'] => ({ type: 'integer', value })
export const decimal = (value: string): Variable['value'] => ({ type: 'float', value })

export const fileOf = (file: string): Variable['value'] => ({
  type: 'mapping',
  ordered: false,
  entries: [
    [text('url'), text('https://raw.githubusercontent.com/facility/calibration/main/ENGINX/')],
    [text('default'), text(file)],
  ],
})

export const scriptVariables: readonly Variable[] = [
  { group: 'standard', name: 'vanadium_run', value: whole('236516'), help: 'Run used for normalisation' },
  {
    group: 'standard',
    name: 'do_absorption',
    value: { type: 'boolean', value: false },
    help: 'Correct for absorption in the sample',
  },
  { group: 'standard', name: 'unit', value: text('dSpacing') },
  {
    group: 'standard',
    name: 'bins',
    value: { type: 'list', items: [decimal('0.9'), decimal('-0.001'), decimal('2.2')] },
    help: 'First edge, step (negative: logarithmic), last edge',
  },
  { group: 'standard', name: 'title suffix', value: text('hello, world') },
  {
    group: 'advanced',
    name: 'UB Matrix',
    value: {
      type: 'mapping',
      ordered: false,
      entries: [
        [text('a'), { type: 'tuple', items: [whole('1'), whole('0'), whole('0')] }],
        [text('b'), { type: 'tuple', items: [whole('0'), whole('1'), whole('0')] }],
      ],
    },
    help: 'Orientation of the crystal; leave as it is for powders',
  },
  { group: 'advanced', name: 'bkgd-range-min', value: decimal('0.05') },
  { group: 'advanced', name: 'calibration_file', value: fileOf('north_2018.dat'), help: 'Offsets of the detectors' },
  { group: 'advanced', name: 'mask_file', value: { type: 'none' }, help: 'Path of a mask, or None' },
]

export const scriptText = `import reduce_vars as web_var
from pathlib import Path


def main(input_file, output_dir):
    """Focus both banks and save them."""
    variables = web_var.standard_vars
    print(f'Reading {Path(input_file).name}')
    focus(input_file, output_dir, unit=variables['unit'], bins=variables['bins'])
`

/** As somebody ran them again. */
export const changedVariables = (): Reduction['variables'] =>
  scriptVariables.map((variable) => {
    if (variable.name === 'vanadium_run') return { ...variable, value: whole('241390'), default: variable.value }
    if (variable.name === 'do_absorption')
      return { ...variable, value: { type: 'boolean', value: true }, default: variable.value }
    return { ...variable }
  })

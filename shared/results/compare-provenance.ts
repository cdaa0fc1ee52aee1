import type { Difference } from '#contracts/reproduces.ts'
import type { Provenance } from './provenance.ts'

type Compared = Pick<Provenance, 'software' | 'host' | 'limits' | 'isolation' | 'service' | 'inputs' | 'script'>

const software = ({ software: { name, version } }: Compared): string => `${name} ${version}`

const factsOf = (record: Compared): readonly (readonly [what: string, value: string])[] => [
  ['script', record.script.sha256],
  ['software', software(record)],
  ['interpreter', record.software.interpreter],
  ['host', record.host.name],
  ['system', record.host.system],
  ['isolation', record.isolation],
  ['service', record.service?.runner ?? 'not recorded'],
  ['time limit', `${record.limits.wallSeconds} s`],
  ['output limit', `${record.limits.outputBytes} bytes`],
  ...Object.entries(record.software.modules).map(([name, version]): [string, string] => [name, version]),
  ...record.inputs.map(({ path, sizeBytes, modifiedAt }, place): [string, string] => [
    record.inputs.length === 1 ? 'raw file' : `raw file ${place + 1}`,
    `${path}, ${sizeBytes ?? 'unknown'} bytes of ${modifiedAt ?? 'an unknown time'}`,
  ]),
]

/** How two runs of the same thing differed in what surrounded them; of a fact that only one has, the other has none. */
export const compareProvenance = (then: Compared, now: Compared): readonly Difference[] => {
  const before = new Map(factsOf(then))
  const after = new Map(factsOf(now))
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((what) => {
    const was = before.get(what) ?? 'none'
    const is = after.get(what) ?? 'none'
    return was === is ? [] : [{ what, then: was, now: is }]
  })
}

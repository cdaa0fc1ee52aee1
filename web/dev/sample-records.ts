import type { Provenance } from '#results/provenance.ts'
import { scriptText } from './sample-script.ts'
import type { StoredReduction } from './world.ts'

/** What the sample world's reductions ran: a later version of a run with a script that has gone on meanwhile. */
export const scriptFilesOf = (reduction: StoredReduction): { readonly name: string; readonly text: string }[] => [
  {
    name: 'reduce.py',
    text:
      reduction.version === 0
        ? scriptText
        : scriptText.replace(
            "    focus(input_file, output_dir, unit=variables['unit'], bins=variables['bins'])\n",
            "    bins = variables['bins'] or default_bins(input_file)\n    focus(input_file, output_dir, unit=variables['unit'], bins=bins)\n",
          ),
  },
  { name: 'reduce_vars.py', text: "standard_vars = {'vanadium_run': 236516}\n" },
]

export const provenanceOf = (reduction: StoredReduction): Provenance | undefined => {
  const { startedAt, finishedAt, software, scriptSha256, durationSeconds, rbNumber, resultsPath } = reduction
  if (startedAt === null || finishedAt === null || software === null || resultsPath === null) return undefined
  const isLater = reduction.version > 0
  return {
    reduction: {
      id: reduction.id,
      fence: 1,
      instrument: reduction.instrument,
      target: String(reduction.runNumber),
      version: reduction.version,
      rbNumber: rbNumber ?? 0,
      runNumbers: [reduction.runNumber],
      startedBy: reduction.startedBy,
      description: reduction.description,
    },
    outcome: { state: reduction.state, reason: reduction.reason },
    script: {
      sha256: scriptSha256 ?? '',
      files: scriptFilesOf(reduction).map(({ name, text }) => ({
        name,
        sha256: `${isLater ? '9b1e' : '3f2a'}91c0d4b5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f`,
        sizeBytes: text.length,
      })),
    },
    variables: reduction.variables.map(({ group, name, value }) => ({ group, name, value })),
    unrecordedVariables: [],
    chosenVariables: [],
    configuredButLeftOut: [],
    variableFiles: [],
    software: {
      ...software,
      interpreter: '/opt/environments/scipp-26.1/bin/python3',
      modules: {
        h5py: '3.15.1',
        matplotlib: '3.10.8',
        numpy: isLater ? '2.3.5' : '2.3.4',
        scipp: '26.1.0',
        scippneutron: '26.1.0',
        scippnexus: '26.1.1',
      },
    },
    inputs: reduction.dataPaths.map(({ linux }) => ({
      path: linux,
      sizeBytes: 41_300_000 + (reduction.runNumber % 7) * 12_345,
      modifiedAt: '2018-11-22T09:00:12.000Z',
    })),
    host: { name: 'reduce-2', system: 'Linux 6.12 x64', processor: 'reduce-2-4711' },
    limits: { wallSeconds: 3600, outputBytes: 50_000_000_000, logBytes: 10_485_760 },
    log: { printedBytes: reduction.log.length, cut: null },
    isolation: 'namespaces: user, mount, process, network, IPC',
    timings: {
      submittedAt: reduction.submittedAt,
      claimedAt: startedAt,
      scriptStartedAt: startedAt,
      scriptEndedAt: finishedAt,
      scriptSeconds: durationSeconds ?? 0,
      cpuSeconds: (durationSeconds ?? 0) * 0.93,
    },
    peakMemoryBytes: 812_000_000 + reduction.version * 40_000_000,
    ...(reduction.reproduces && {
      reproduces: {
        ...reduction.reproduces,
        notHeld: [{ what: 'host', then: 'reduce-3', now: 'reduce-2' }],
        differences: [
          { what: 'host', then: 'reduce-3', now: 'reduce-2' },
          { what: 'numpy', then: '2.3.4', now: '2.3.5' },
        ],
      },
    }),
  }
}

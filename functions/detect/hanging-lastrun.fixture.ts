import { closeSync, openSync } from 'node:fs'
import { lastrunPath } from '#archive/archive-paths.ts'
import { listInstruments } from '#archive/list-instruments.ts'
import { readLastrun } from '#archive/read-lastrun.ts'
import { serveCalls } from '#file-workers/serve-calls.ts'

/** Readers as on a drive that hangs: a counter that is a named pipe blocks its whole process, instead of being told apart. */
serveCalls({
  readLastrun: async (input: { root: string; instrument: string }) => {
    closeSync(openSync(lastrunPath(input.root, input.instrument), 'r'))
    return readLastrun(input.root, input.instrument)
  },
  listInstruments: (input: { root: string }) => listInstruments(input.root),
})

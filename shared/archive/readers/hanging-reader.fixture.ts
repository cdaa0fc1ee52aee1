import { closeSync, openSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { serveCalls } from '#file-workers/serve-calls.ts'

/**
 * A reader as it would be on a network drive: opening a named pipe blocks its whole process until somebody writes. Stands in for the real
 * one where a test needs reads that hang.
 */
serveCalls({
  readLastrun: async (input: { root: string; instrument: string }) => {
    const path = `${input.root}/${input.instrument}`
    closeSync(openSync(path, 'r'))
    return { kind: 'read', lastRun: Number(readFileSync(path, 'utf8')), path }
  },
  readScript: async (): Promise<never> => {
    process.exit(3)
  },
  listInstruments: async (input: { root: string }, context) => {
    context.retire()
    return { kind: 'listed', instruments: [String(process.pid), input.root] }
  },
  listDirectory: async (input: { path: string }): Promise<never> => {
    await open(input.path, 'r')
    throw new Error('the pipe answered')
  },
  readFileRange: () => Promise.resolve({ pid: process.pid }),
  statPath: async (): Promise<never> => {
    throw new Error('a defect')
  },
})

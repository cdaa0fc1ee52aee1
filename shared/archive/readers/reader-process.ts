import { operations } from './operations.ts'
import { serveCalls } from '#file-workers/serve-calls.ts'

// The program of a reader process; bundled beside each function that reads (`dist/<function>/reader-process.mjs`).
serveCalls(operations)

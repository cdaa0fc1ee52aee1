import { serveCalls } from '#file-workers/serve-calls.ts'
import { answering } from './answers.ts'
import { operations } from './operations.ts'

// The program of a process that works on the results disk; bundled beside `process` (`dist/process/disk-process.mjs`).
serveCalls(answering(operations))

import { operations } from './operations.ts'
import { serveReads } from './serve-reads.ts'

// The program of a reader process; bundled beside each function that reads (`dist/<function>/reader-process.mjs`).
serveReads(operations)

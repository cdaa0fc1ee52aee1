import { configDefaults, defineConfig } from 'vitest/config'
import LongestFirst from './tests/support/longest-first.ts'

export default defineConfig({
  test: {
    include: ['{shared,functions,connectors,local,cli,tests}/**/*.test.ts', 'web/src/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'dist/**', '.local/**'],
    // A guard against hanging, not a promise: two whole runs at once on two slow processors take five times as long.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    globalSetup: ['tests/support/services-for-the-run.ts'],
    reporters: ['default', './tests/support/count-reporter.ts'],
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    maxWorkers: 4,
  },
})

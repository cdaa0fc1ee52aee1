import { configDefaults, defineConfig } from 'vitest/config'
import LongestFirst from './tests/support/longest-first.ts'

export default defineConfig({
  test: {
    include: ['{shared,functions,connectors,local,cli,tests}/**/*.test.ts', 'web/src/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'dist/**', '.local/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    globalSetup: ['tests/support/services-for-the-run.ts'],
    reporters: ['default', './tests/support/count-reporter.ts'],
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    maxWorkers: 4,
  },
})

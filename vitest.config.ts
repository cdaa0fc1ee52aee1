import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{shared,functions,connectors,local,cli,tests}/**/*.test.ts', 'web/src/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'dist/**', '.local/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
    globalSetup: ['tests/support/services-for-the-run.ts'],
    reporters: ['default', './tests/support/count-reporter.ts'],
    pool: 'forks',
    maxWorkers: 4,
  },
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readStackFile } from './read-stack-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'stack-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (functions: string, environment: Record<string, string> = {}) => {
  const file = join(folder, 'stack.yml')
  writeFileSync(file, `version: 1.0\nprovider:\n  name: openfaas\nfunctions:\n${functions}`)
  return readStackFile(file, environment)
}

describe('a stack file', () => {
  it('becomes what faas-cli would deploy', () => {
    writeFileSync(join(folder, 'more.yml'), 'environment:\n  A: "file"\n  B: "file"\n')
    const functions = `
  detect:
    lang: node24
    handler: ./dist/detect
    image: registry/detect:\${TAG:-latest}
    environment: { A: "own" }
    environment_file: [more.yml]
    secrets: [database-url]
    annotations: { topic: "cron-function", schedule: "@every 10s" }
    limits: { memory: "256Mi" }
    readonly_root_filesystem: true
`
    expect(read(functions, { TAG: 'v1' })).toEqual([
      expect.objectContaining({
        service: 'detect',
        image: 'registry/detect:v1',
        envVars: { A: 'own', B: 'file' },
        secrets: ['database-url'],
        annotations: { topic: 'cron-function', schedule: '@every 10s' },
        limits: { memory: '256Mi' },
        readOnlyRootFilesystem: true,
      }),
    ])
  })

  it.each([
    ['  f: { image: i, environment: { slots: 2 } }', /functions\.f\.environment\.slots: must be in quotes/],
    ['  f: { image: i, anotations: {} }', /anotations/],
    ['  f: { image: "${X-y}" }', /line 5: \$\{X-y\}/],
    ['  f: { image: i', /stack\.yml/],
    ['  f: { image: i, environment_file: [none.yml] }', /none\.yml does not exist/],
  ])('%s is refused', (functions, sentence) => {
    expect(() => read(functions)).toThrow(sentence)
  })
})

import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSettings } from '#function-server/settings.ts'
import { chooseEnvironment, environmentsSchema } from '#contracts/environments.ts'
import { readEnvironments } from './environments.ts'
import { chooseExtraDirectories } from '#results/extra-directories.ts'
import { ownIdentity, writeOwner } from './scratch-owner.ts'
import { openScratch, writeScript } from './scratch.ts'
import { scriptEnvironment } from './script-environment.ts'
import { settingsSchema } from './settings.ts'
import { scriptFiles, temporaryDirectory } from './test-support.ts'

const needed = { RESULTS_ROOT: '/results', ENVIRONMENTS_FILE: '/environments.json' }

describe('settings', () => {
  test('two are needed, the others have usual values', () => {
    expect(readSettings(settingsSchema, needed)).toMatchObject({
      slots: 2,
      graceMs: 25_000,
      extraRoots: [],
      modes: { file: 0o664, directory: 0o775 },
    })
  })

  test.for([
    [{ RESULTS_ROOT: 'results' }, 'The setting RESULTS_ROOT is wrong: must be an absolute path'],
    [{ slots: 'two' }, 'The setting slots is wrong'],
    [{ result_file_mode: '999' }, 'must be an octal mode such as 0664'],
    [{ extra_directories_roots: '/a:b' }, 'must be an absolute path'],
  ] as const)('%o is refused by name', ([given, sentence]) => {
    expect(() => readSettings(settingsSchema, { ...needed, ...given })).toThrow(sentence)
  })
})

describe('software environments', () => {
  const python = { name: 'Python', version: '3.11', interpreter: '/usr/bin/env' }

  test('those whose interpreter is not here are left out', async () => {
    const file = join(await temporaryDirectory(), 'environments.json')
    await writeFile(file, JSON.stringify([python, { ...python, name: 'Mantid', interpreter: '/nowhere', newField: 1 }]))
    const { present, missing } = await readEnvironments(file)
    expect(present.map(({ name }) => name)).toEqual(['Python'])
    expect(missing.map(({ name }) => name)).toEqual(['Mantid'])
  })

  test.for(['', '[]', '{}', JSON.stringify([python, python]), JSON.stringify([{ ...python, interpreter: 'python3' }])])(
    'a wrong file is named: %s',
    async (content) => {
      const file = join(await temporaryDirectory(), 'environments.json')
      await writeFile(file, content)
      await expect(readEnvironments(file)).rejects.toThrow(`The file ${file}, named by ENVIRONMENTS_FILE, is wrong`)
    },
  )

  test('the default is the one that says so, or the only one', () => {
    const [only, two] = [
      environmentsSchema.parse([python]),
      environmentsSchema.parse([python, { ...python, version: '3.12' }]),
    ]
    expect(chooseEnvironment(only, null)?.version).toBe('3.11')
    expect(chooseEnvironment(two, null)).toBeUndefined()
    expect(
      chooseEnvironment(
        two.map((one) => ({ ...one, default: one.version === '3.12' })),
        null,
      )?.version,
    ).toBe('3.12')
    expect(chooseEnvironment(two, { name: 'Python', version: '3.11' })?.version).toBe('3.11')
    expect(chooseEnvironment(two, { name: 'Python', version: '3.1' })).toBeUndefined()
  })
})

test('a script sees only what it may of the environment', () => {
  const seen = scriptEnvironment({
    interpreter: '/environments/mantid/bin/python',
    extra: { PYTHONPATH: '/mantid', HOME: '/root' },
    home: '/scratch/home',
    temporary: '/scratch/tmp',
    cache: '/scratch/cache',
    job: 'job',
    timeZone: undefined,
  })
  expect(seen).toMatchObject({ PYTHONPATH: '/mantid', HOME: '/scratch/home', MPLBACKEND: 'Agg' })
  expect(seen['PATH']?.startsWith('/environments/mantid/bin:')).toBe(true)
  expect(Object.keys(seen).filter((name) => /SECRET|DATABASE|URL|RESULTS/i.test(name))).toEqual([])
})

test.for(['/etc/cron.d/x', '../outside.py', 'a/../../b.py', 'a//b.py', ''])(
  'a script’s file may not be called %o',
  async (name) => {
    await expect(writeScript(await temporaryDirectory(), scriptFiles({ [name]: '' }))).rejects.toThrow(
      'may not be called',
    )
  },
)

test('scratch of a processor of this host that was killed is removed, that of a living one stays', async () => {
  const root = join(await temporaryDirectory(), 'scratch')
  const first = await openScratch(root)
  await first.openJob('1-1')
  const dead = first.processor.replace(`-${process.pid}-`, '-4194999-')
  await mkdir(join(root, dead, '2-1'), { recursive: true })
  const second = await openScratch(root)
  expect((await readdir(root)).toSorted()).toEqual([first.processor, second.processor].toSorted())
})

test('a processor is buried only where it is certain that it has ended', async () => {
  const root = join(await temporaryDirectory(), 'scratch')
  const living = await openScratch(root)
  const own = await ownIdentity()
  if (!own) throw new Error('this system does not say who a process is')
  const sign = async (pid: number, mark: string, owner?: Partial<typeof own>): Promise<string> => {
    const name = living.processor.replace(/-[0-9]+-[0-9a-f]+$/, `-${pid}-${mark}`)
    await mkdir(join(root, name))
    await writeOwner(join(root, name), owner && { ...own, pid, ...owner })
    return name
  }
  const reused = await sign(process.pid, 'aaaaaaaa', { startedAtTicks: '1' })
  const dead = await sign(4_194_999, 'bbbbbbbb', {})
  const elsewhere = await sign(4_194_998, 'cccccccc', { pidNamespace: 'pid:[1]' })
  const unsigned = await sign(4_194_997, 'dddddddd')
  const { buried, processor } = await openScratch(root)
  expect(buried.toSorted()).toEqual([reused, dead].toSorted())
  expect(buried).not.toContain(elsewhere)
  expect(buried).not.toContain(unsigned)
  expect((await readdir(root)).toSorted()).toEqual([living.processor, processor].toSorted())
})

test('extra directories are judged by where they really are', async () => {
  const base = await temporaryDirectory()
  const [root, own, outside] = [join(base, 'root'), join(base, 'own'), join(base, 'outside')]
  for (const directory of [root, own, outside]) await mkdir(directory)
  await symlink(outside, join(root, 'link'))
  await symlink(root, join(base, 'to-root'))
  const returned = [
    join(root, 'new', 'deep'),
    join(base, 'to-root', 'a'),
    join(own, 'summary'),
    join(root, 'link', 'a'),
    join(root, '..', 'outside'),
    root,
    join(own, '44733', 'run-version-0'),
    join(own, '.versions', 'x'),
    'relative',
  ]
  const { allowed, remarks } = await chooseExtraDirectories(returned, [root], own)
  expect(allowed).toEqual([
    { path: join(root, 'new', 'deep'), mayReplace: true },
    { path: join(root, 'a'), mayReplace: true },
    { path: join(own, 'summary'), mayReplace: false },
  ])
  expect(remarks).toHaveLength(6)
})

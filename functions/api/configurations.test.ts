import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runConfigurationSchema, runConfigurationsSchema, type RunConfiguration } from '#contracts/api.ts'
import { everyone } from '#contracts/viewer.ts'
import { noticeConfigurations } from '#database/queries/notices-of-configurations.ts'
import { listNotices } from '#database/queries/notices-list.ts'
import { startApi, type TestApi } from './an-api.fixture.ts'

let api: TestApi
const script = 'NDXENGINX/user/scripts/autoreduction'
const float = (value: string) => ({ type: 'float', value }) as const

const declare = async (variables: unknown, source: string): Promise<void> => {
  await api.write(api.archiveRoot, `${script}/reduce_vars.py`, source)
  api.gateway.state.answer = () => Response.json({ variables })
}

beforeAll(async () => {
  api = await startApi()
  await api.write(api.archiveRoot, `${script}/reduce.py`, 'import reduce_vars\ndef main(i, o): pass')
  await api.database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('ENGINX', TRUE, NOW(6), NOW(6)), ('WISH', TRUE, NOW(6), NOW(6))`,
  )
})
afterAll(() => api.close())
beforeEach(async () => {
  api.state.viewer = everyone
  await api.database.change('DELETE FROM run_configurations')
  await api.database.change('DELETE FROM notices')
  await declare(
    [
      { group: 'standard', name: 'scale', value: float('1.0'), help: 'A factor.' },
      { group: 'advanced', name: 'mask', value: { type: 'none' } },
    ],
    `# ${Math.random()}`,
  )
})

const path = 'instruments/ENGINX/configurations'
const fromRun = (startRun: number) => ({ kind: 'start-run', startRun })
const list = async (): Promise<readonly RunConfiguration[]> =>
  runConfigurationsSchema.parse((await api.get(path)).json).items
const add = async (body: unknown): Promise<RunConfiguration> => {
  const { status, json } = await api.send('POST', path, body)
  expect(status).toBe(201)
  return runConfigurationSchema.strict().parse(json)
}
const refused = async (method: string, at: string, body?: unknown) => {
  const { status, json } = await api.send(method, at, body)
  return [status, (json as { detail: string }).detail] as const
}

describe('what is configured for the runs to come', () => {
  it('takes values as a submission does, with the script’s own types, and shows both', async () => {
    const made = await add({
      source: fromRun(100),
      variables: { scale: 2, mask: 'north.xml' },
      description: 'new mask',
    })
    expect(made).toMatchObject({
      source: { kind: 'start-run', startRun: 100 },
      description: 'new mask',
      revision: 1,
      changedBy: everyone.name,
      variables: [
        { group: 'advanced', name: 'mask', value: { type: 'string', value: 'north.xml' }, default: { type: 'none' } },
        { group: 'standard', name: 'scale', value: float('2.0'), default: float('1.0'), help: 'A factor.' },
      ],
    })
    await add({ source: { kind: 'experiment', rbNumber: 1_920_234 }, variables: { scale: 3 } })
    await add({ source: fromRun(300), variables: { scale: 4 } })
    expect((await list()).map(({ source }) => source)).toEqual([
      { kind: 'start-run', startRun: 300 },
      { kind: 'start-run', startRun: 100 },
      { kind: 'experiment', rbNumber: 1_920_234 },
    ])
  })

  it.each([
    [{ source: fromRun(1), variables: {} }, 'No variable is configured.'],
    [{ source: fromRun(1), variables: { skale: 1 } }, 'The script has no variable “skale”. It has: scale, mask.'],
    [{ source: fromRun(1), variables: { scale: { typed: { type: 'float', value: 'nan' } } } }, 'is not a finite'],
    [{ source: { kind: 'experiment', rbNumber: 12 }, variables: { scale: 1 } }, 'seven digits'],
    [{ source: fromRun(1), variables: { scale: 1 }, until: 7 }, 'There is no field “until” here.'],
  ])('refuses %j in words', async (body, sentence) => {
    const [status, detail] = await refused('POST', path, body)
    expect([status, detail]).toEqual([400, expect.stringContaining(sentence)])
    expect(await list()).toEqual([])
  })

  it('has one for each start run or experiment, and tells who was slower', async () => {
    const first = await add({ source: fromRun(100), variables: { scale: 2 } })
    const body = { source: fromRun(100), variables: { scale: 3 } }
    expect(await refused('POST', path, body)).toEqual([409, expect.stringContaining('for start run 100 already')])
    const second = await add({ source: fromRun(200), variables: { scale: 2 } })
    expect(await refused('PUT', `${path}/${second.id}`, { ...body, revision: 1 })).toEqual([
      409,
      expect.stringContaining('for start run 100 already'),
    ])
    const moved = { source: fromRun(150), variables: { scale: 3 }, revision: first.revision }
    const answer = await api.send('PUT', `${path}/${first.id}`, moved)
    expect(answer.json).toMatchObject({ revision: 2, source: { startRun: 150 }, variables: [{ value: float('3.0') }] })
    expect(await refused('PUT', `${path}/${first.id}`, moved)).toEqual([
      409,
      expect.stringContaining('Somebody has changed this configuration'),
    ])
    expect((await api.send('DELETE', `${path}/${first.id}`)).status).toBe(200)
    expect((await refused('DELETE', `${path}/${first.id}`))[0]).toBe(404)
    expect((await refused('PUT', `${path}/999999`, moved))[0]).toBe(404)
    expect((await refused('DELETE', `instruments/WISH/configurations/${second.id}`))[0]).toBe(404)
  })

  it('tells which values the script has no longer, or cannot take any more, and never drops them', async () => {
    await add({ source: fromRun(100), variables: { scale: 2, mask: 'north.xml' } })
    await declare(
      [{ group: 'standard', name: 'scale', value: { type: 'string', value: 'auto' } }],
      `# changed ${Math.random()}`,
    )
    const [shown] = await list()
    expect(shown?.variables).toEqual([
      expect.objectContaining({ name: 'mask', problem: 'is not among the script’s variables any more' }),
      expect.objectContaining({
        name: 'scale',
        problem:
          'was a decimal number when it was configured and is text in the script now, which a decimal number does not fit',
      }),
    ])
  })

  it('says that it cannot judge while the script cannot be read, and configures nothing then', async () => {
    await add({ source: fromRun(100), variables: { scale: 2 } })
    await api.write(api.archiveRoot, `${script}/reduce_vars.py`, `# ${Math.random()}`)
    api.gateway.state.answer = () => Response.json({ fault: '“gain” is NaN.' })
    const { fault, items } = runConfigurationsSchema.parse((await api.get(path)).json)
    expect(fault).toContain('“gain” is NaN.')
    expect(items[0]?.variables).toEqual([{ group: 'standard', name: 'scale', value: float('2.0') }])
    const body = { source: fromRun(200), variables: { scale: 2 } }
    expect(await refused('POST', path, body)).toEqual([
      503,
      expect.stringContaining('Nothing can be configured while the variables of the script cannot be read.'),
    ])
  })

  it('ends its notice when somebody changes or deletes it', async () => {
    const made = await add({ source: fromRun(100), variables: { scale: 2 } })
    const open = async (): Promise<number> => (await listNotices(api.database, everyone, 'open', 10)).length
    const notice = () =>
      api.database.transaction((sql) =>
        noticeConfigurations(sql, 'ENGINX', [made.source], [{ name: 'scale', from: made.source, reason: 'is gone' }]),
      )
    await notice()
    expect(await open()).toBe(1)
    await api.send('PUT', `${path}/${made.id}`, { source: made.source, variables: { scale: 3 }, revision: 1 })
    expect(await open()).toBe(0)
    await notice()
    await api.send('DELETE', `${path}/${made.id}`)
    expect(await open()).toBe(0)
  })

  it('is seen by the members of an experiment, and changed by who runs the instrument', async () => {
    await add({ source: fromRun(100), variables: { scale: 2 } })
    const own = await add({ source: { kind: 'experiment', rbNumber: 1_920_234 }, variables: { scale: 3 } })
    await api.database.change(
      `INSERT IGNORE INTO runs (instrument, run_number, rb_number) VALUES ('ENGINX', 1, 1920234)`,
    )
    api.state.viewer = { role: 'user', name: 'a member', rbNumbers: [1_920_234] }
    expect((await list()).map(({ id }) => id)).toEqual([own.id])
    expect((await refused('DELETE', `${path}/${own.id}`))[0]).toBe(404)
    api.state.viewer = { role: 'instrument-scientist', name: 'of WISH', instruments: ['WISH'] }
    expect((await api.get(path)).status).toBe(404)
    expect((await refused('POST', path, { source: fromRun(1), variables: { scale: 1 } }))[0]).toBe(404)
  })
})

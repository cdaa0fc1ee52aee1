import AxeBuilder from '@axe-core/playwright'
import { describe, expect, it } from 'vitest'
import type { StubApi } from '../../web/dev/stub-api/open-stub-api.ts'
import { eventually } from './support/eventually.ts'
import { hasBrowser, portalFixture, whySkipped } from './support/fixture.ts'
import { settled } from './support/portal-page.ts'

const bodies = (stub: StubApi, method: string): readonly unknown[] =>
  stub.calls.filter((call) => call.method === method && call.path.includes('/configurations')).map(({ body }) => body)

describe.skipIf(!hasBrowser)(`variables for the runs to come${whySkipped}`, { timeout: 120_000 }, () => {
  const { service, open } = portalFixture()

  it('are listed with what ends them and what does not fit any more, from the instrument’s page', async () => {
    const { base } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX`)
    await page.getByRole('link', { name: 'Variables' }).click()
    await page.getByRole('heading', { name: 'Variables for the runs to come of ENGINX' }).waitFor()
    const older = page.getByRole('article', { name: 'From run 298800 to 299039' })
    await older.getByText('240017').waitFor()
    await page.getByRole('article', { name: 'From run 299040 on' }).waitFor()
    const experiment = page.getByRole('article', { name: 'RB 1910123' })
    await experiment.getByText('is not among the script’s variables any more').waitFor()
    await experiment.getByText('script: [0.9, -0.001, 2.2]').waitFor()
  })

  it('are configured from a run on: what is written or ticked, and nothing else', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX/variables`)
    await page.getByRole('button', { name: 'Configure …' }).click()
    expect(await page.getByLabel('First run').inputValue()).toBe('299082')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Nothing is ticked yet.').waitFor()
    await page.getByLabel('First run').fill('299100')
    await page.getByLabel('vanadium_run', { exact: true }).fill('x')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('1 variable has to be put right: vanadium_run.').waitFor()
    await page.getByLabel('vanadium_run', { exact: true }).fill('241400')
    await page.getByLabel('Configure unit').check()
    await page.getByLabel('calibration_file', { exact: true }).fill('south.dat')
    await page.getByLabel('bkgd-range-min', { exact: true }).fill('1')
    await page.getByLabel('Configure bkgd-range-min').uncheck()
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([])
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('article', { name: 'From run 299100 on' }).waitFor()
    expect(bodies(stub, 'POST')).toEqual([
      {
        source: { kind: 'start-run', startRun: 299_100 },
        variables: {
          vanadium_run: { typed: { type: 'integer', value: '241400' } },
          unit: { typed: { type: 'string', value: 'dSpacing' } },
          calibration_file: {
            typed: {
              type: 'mapping',
              ordered: false,
              entries: [
                [
                  { type: 'string', value: 'url' },
                  { type: 'string', value: 'https://raw.githubusercontent.com/facility/calibration/main/ENGINX/' },
                ],
                [
                  { type: 'string', value: 'default' },
                  { type: 'string', value: 'south.dat' },
                ],
              ],
            },
          },
        },
      },
    ])
  })

  it('are changed, told where somebody was quicker, and deleted when asked twice', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX/variables`)
    await page.getByRole('button', { name: 'Edit RB 1910123' }).click()
    const form = page.getByRole('form', { name: 'Change what is configured for RB 1910123' })
    await form.getByText('smoothing', { exact: true }).waitFor()
    expect(await form.getByLabel('RB number').inputValue()).toBe('1910123')
    expect(await form.getByLabel('Configure bins').isChecked()).toBe(true)
    await form.getByLabel('bins', { exact: true }).fill('[1.0, -0.001, 2.4]')
    const before = stub.world.configurations.get(32)
    if (!before) throw new Error('the sample world has changed')
    stub.world.configurations.set(32, { ...before, revision: 2 })
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('Somebody has changed it since you opened it.').waitFor()
    stub.world.configurations.set(32, before)
    await form.getByRole('button', { name: 'Save' }).click()
    const card = page.getByRole('article', { name: 'RB 1910123' })
    await card.getByText('[1.0, -0.001, 2.4]').waitFor()
    expect(await card.getByText('smoothing').count()).toBe(0)
    await page.getByRole('button', { name: 'Delete RB 1910123' }).click()
    await card.getByRole('button', { name: 'Keep it' }).click()
    await page.getByRole('button', { name: 'Delete RB 1910123' }).click()
    await card.getByRole('button', { name: 'Delete', exact: true }).click()
    await eventually(() => card.count()).toBe(0)
    expect(stub.world.configurations.has(32)).toBe(false)
  })

  it('say so where there are none, and where the script cannot be read', async () => {
    const { base, stub } = await service()
    stub.world.configurations.clear()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX/variables`)
    await page.getByText('Nothing is configured for ENGINX: every run gets what the script says.').waitFor()
    stub.troubles.problems.set('instruments/ENGINX/variables', { status: 500, detail: 'No processor answers.' })
    await page.reload()
    await page.getByText('No processor answers.').waitFor()
    expect(await page.getByRole('button', { name: 'Configure …' }).isDisabled()).toBe(true)
    await settled(page)
  })

  it('leave a submission of new runs to what is configured, except for what was changed', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX/rerun`)
    await page.getByLabel('Runs', { exact: true }).fill('299080')
    await page.getByLabel('unit', { exact: true }).fill('TOF')
    await page.getByRole('button', { name: 'Submit 1 run' }).click()
    await page.getByRole('heading', { name: 'Run queued' }).waitFor()
    const sent = stub.calls.find((call) => call.path === 'submissions')?.body
    expect(sent).toMatchObject({ variables: { unit: { typed: { type: 'string', value: 'TOF' } } } })
    expect(Object.keys((sent as { variables: object }).variables)).toEqual(['unit'])
  })
})

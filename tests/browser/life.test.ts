import { describe, expect, it } from 'vitest'
import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { busyWorld } from '../../web/dev/sample-world.ts'
import { addReduction } from '../../web/dev/world.ts'
import { eventually } from './support/eventually.ts'
import { hasBrowser, portalFixture, whySkipped } from './support/fixture.ts'
import { settled } from './support/portal-page.ts'
import { batchOf, reductionOf } from './support/sample-pages.ts'

const soundPage = async (page: Page): Promise<void> => {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([])
}

describe.skipIf(!hasBrowser)(`the life of a reduction${whySkipped}`, { timeout: 120_000 }, () => {
  const { service, open } = portalFixture()

  it('is cancelled from its page, after a question, and says who did', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    const id = reductionOf(stub.world, 'SANS2D', 22_048)
    await page.goto(`${base}reductions/${id}`)
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Cancel this reduction?' })
    await dialog.getByText('It leaves the line and does not run.').waitFor()
    await soundPage(page)
    await dialog.getByRole('button', { name: 'Let it be' }).click()
    expect(stub.calls.some(({ path }) => path.endsWith('/cancel'))).toBe(false)
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    await dialog.getByRole('button', { name: 'Cancel the reduction' }).click()
    await page.getByText('Cancelled by anyone on this machine before it started').first().waitFor()
    await eventually(() => page.getByRole('button', { name: 'Cancel', exact: true }).count()).toBe(0)
  })

  it('says so while a running one is being cancelled, and in words where it was too late', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    const id = reductionOf(stub.world, 'WISH', 58_120)
    await page.goto(`${base}reductions/${id}`)
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    stub.troubles.problems.set(`reductions/${id}/cancel`, {
      status: 409,
      detail: 'Its script has ended and its results are being put in place.',
    })
    const confirm = page.getByRole('button', { name: 'Cancel the reduction' })
    await confirm.click()
    await page.getByText('Its script has ended and its results are being put in place.').waitFor()
    stub.troubles.problems.clear()
    await confirm.click()
    await page.getByText('anyone on this machine asked to cancel it.').waitFor()
    await page.getByText('Being cancelled').first().waitFor()
    expect(await page.getByRole('button', { name: 'Cancel', exact: true }).isDisabled()).toBe(true)
  })

  it('selected runs are cancelled together; those that have ended stay', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX`)
    await page.getByLabel('Select run 299081').check()
    await page.getByLabel('Select run 299080').check()
    await page.getByRole('button', { name: 'Cancel 1', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Cancel 1 reduction?' })
    await dialog.getByText('The other selected runs have ended and stay as they are.').waitFor()
    await soundPage(page)
    await dialog.getByRole('button', { name: 'Cancel 1 reduction' }).click()
    await eventually(() => stub.calls.filter(({ path }) => path === 'cancellations').length).toBe(1)
    expect(stub.calls.find(({ path }) => path === 'cancellations')?.body).toEqual({
      reductionIds: [reductionOf(stub.world, 'ENGINX', 299_081)],
    })
  })

  it('a mistaken burst is taken back right after it was sent, and later from the instrument’s page', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX/rerun`)
    await page.getByLabel('Runs', { exact: true }).fill('299070-299072')
    await page.getByRole('button', { name: 'Submit 3 runs' }).click()
    await page.getByRole('button', { name: 'Cancel these 3' }).click()
    await page.getByRole('button', { name: 'Cancel 3 reductions' }).click()
    await page.getByRole('heading', { name: 'Submit runs of ENGINX' }).waitFor()
    const queued = () =>
      [...stub.world.reductions.values()].filter((one) => one.instrument === 'ENGINX' && one.state === 'Queued')
    expect(queued()).toEqual([])

    for (const version of [5, 6])
      addReduction(stub.world, Date.now(), 'ENGINX', 299_070, { state: 'Queued', secondsAgo: 5, version })
    addReduction(stub.world, Date.now(), 'ENGINX', 299_081, { state: 'Queued', secondsAgo: 5 })
    await page.goto(`${base}instruments/ENGINX`)
    await page.getByRole('button', { name: 'Clear line' }).click()
    await page.getByText('2 re-runs; new data stays in line').waitFor()
    await page.getByText('All 3 reductions, new data too').waitFor()
    await soundPage(page)
    await page.getByRole('button', { name: 'Cancel 2 reductions' }).click()
    await eventually(() => queued().length).toBe(1)
  })

  it('an instrument is paused with a reason; whoever resumes chooses what becomes of what was held', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/SANS2D`)
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByRole('button', { name: 'Pause SANS2D' }).click()
    await page.getByText('Write why: everybody who waits for results reads it.').waitFor()
    await page.getByLabel('Reason').fill('filling the helium')
    await page.keyboard.press('Enter')
    await page.getByText('SANS2D is paused:').waitFor()
    await page.getByText('Held').first().waitFor()
    await page.goto(base)
    await page.locator('[data-instrument="SANS2D"]').getByText('filling the helium').waitFor()
    await soundPage(page)
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'SANS2D', 22_048)}`)
    await page.getByText('SANS2D was paused by anyone on this machine').waitFor()

    await page.goto(`${base}instruments/SANS2D`)
    await page.getByRole('button', { name: 'Resume', exact: true }).click()
    await page.getByText('1 reduction is held').waitFor()
    await soundPage(page)
    await page.getByLabel('Skip them; each can be re-run later').check()
    await page.getByRole('button', { name: 'Resume SANS2D' }).click()
    await page.getByText('Skipped').first().waitFor()
    expect(stub.calls.find(({ path }) => path === 'instruments/SANS2D/resume')?.body).toEqual({ held: 'skip' })
    await eventually(() => page.getByText('SANS2D is paused:').count()).toBe(0)
  })

  it('everything is paused and resumed from the first page', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(base)
    await page.getByRole('button', { name: 'Pause everything' }).click()
    await page.getByLabel('Reason').fill('the results disk is full')
    await page.getByRole('dialog').getByRole('button', { name: 'Pause everything' }).click()
    await page.getByText('Everything is paused:').waitFor()
    await page.locator('[data-instrument="IRIS"]').getByText('the results disk is full').waitFor()
    await soundPage(page)
    await page.getByRole('button', { name: 'Resume everything' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume everything' }).click()
    await eventually(() => page.getByText('Everything is paused:').count()).toBe(0)
    expect(stub.calls.find(({ path }) => path === 'resume')?.body).toEqual({ held: 'run' })
  })

  it('several runs are reduced together, found under Batches, and run again together', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX/batches`)
    await page.getByRole('link', { name: 'Reduce runs together' }).click()
    await page.getByLabel('Runs', { exact: true }).fill('299070')
    await page.getByText('A batch has at least two runs, and only run 299070 is named.').waitFor()
    await page.getByLabel('Runs', { exact: true }).fill('299070-299071, 299075')
    await page.getByRole('button', { name: /^Submit/ }).click()
    await page.getByRole('heading', { name: 'Batch queued' }).waitFor()
    await page.getByRole('link', { name: 'Follow the reduction' }).click()
    await page.getByRole('heading', { name: 'Batch of 3 runs' }).waitFor()
    const sent = stub.calls.find(({ path }) => path === 'submissions')?.body
    expect(sent).toMatchObject({ runs: '299070-299071, 299075', batch: true })
    await page.keyboard.press('r')
    await page.getByLabel('Reduce them together, as one batch').waitFor()
    expect(await page.getByLabel('Reduce them together, as one batch').isChecked()).toBe(true)

    // Batches that begin and end alike share their numbers; each says which runs it is of.
    await page.goto(`${base}reductions/${batchOf(stub.world, 'ENGINX')}?tab=history`)
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'ENGINX', 299_064)}`)
    await page.getByRole('heading', { name: 'Also reduced in batches' }).waitFor()
    await page.getByRole('link', { name: '299060-299062, 299064' }).click()
    await page.getByRole('heading', { name: 'Batch of 4 runs' }).waitFor()
    await page.getByRole('tab', { name: /^History/ }).click()
    await page.getByText('of runs 299060-299061, 299064').waitFor()
  })

  it('is reproduced after a look at what would be held fixed, and refused with the reason', async () => {
    const { base, stub } = await service(busyWorld())
    const { page } = await open()
    const id = reductionOf(stub.world, 'ENGINX', 299_080)
    const openDialog = async (): Promise<void> => {
      await page.getByLabel('More about this reduction').click()
      await page.getByRole('button', { name: 'Reproduce exactly' }).click()
    }
    await page.goto(`${base}reductions/${id}`)
    await settled(page)
    stub.world.reproductionRefusal = 'The raw file of run 299080 has changed since.'
    await openDialog()
    const dialog = page.getByRole('dialog', { name: 'Reproduce version 1?' })
    await dialog.getByText('The raw file of run 299080 has changed since.').waitFor()
    expect(await dialog.getByRole('button', { name: 'Reproduce' }).isDisabled()).toBe(true)
    await soundPage(page)
    await dialog.getByRole('button', { name: 'Not now' }).click()
    stub.world.reproductionRefusal = null
    await openDialog()
    await dialog.getByText('what it is then shows when it has run').waitFor()
    await soundPage(page)
    await dialog.getByRole('button', { name: 'Reproduce' }).click()
    await page.getByText('Queued, 1st in line').first().waitFor()
    await page.getByRole('definition').filter({ hasText: 'version 1' }).getByRole('link').waitFor()
    expect(stub.calls.find(({ path }) => path === `reductions/${id}/reproduce`)?.key).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is moved to another line while it is queued', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    const id = reductionOf(stub.world, 'SANS2D', 22_048)
    await page.goto(`${base}reductions/${id}`)
    await page.getByLabel('More about this reduction').press('Enter')
    await page.getByRole('button', { name: 'Move to the line bulk re-runs' }).click()
    await page.getByText('(bulk re-run)').waitFor()
    expect(stub.calls.find(({ path }) => path === `reductions/${id}/class`)?.body).toEqual({ class: 'bulk' })
  })
})

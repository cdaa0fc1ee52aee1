import { describe, expect, it } from 'vitest'
import { addReduction, addRun, newWorld } from '../../web/dev/world.ts'
import type { StubApi } from '../../web/dev/stub-api/open-stub-api.ts'
import { eventually } from './support/eventually.ts'
import { hasBrowser, portalFixture, whySkipped } from './support/fixture.ts'
import { batchOf } from './support/sample-pages.ts'
import { settled } from './support/portal-page.ts'

const measure = (stub: StubApi, runNumber: number, title = 'Fresh from the beam'): void => {
  addRun(stub.world, Date.now(), 'ENGINX', runNumber, title, { secondsAgo: 0 })
  const { id } = addReduction(stub.world, Date.now(), 'ENGINX', runNumber, { state: 'Queued', secondsAgo: 0, place: 1 })
  stub.emit({ kind: 'reduction', instrument: 'ENGINX', runNumber, reductionId: id, state: 'Queued', reason: null })
}
const finish = (stub: StubApi, runNumber: number): void => {
  const found = [...stub.world.reductions.values()].findLast(
    (one) => one.runNumber === runNumber && one.instrument === 'ENGINX',
  )
  if (!found) throw new Error(`no reduction of ${runNumber}`)
  const now = Date.now()
  stub.world.reductions.set(found.id, {
    ...found,
    state: 'Completed',
    startedAt: new Date(now - 12_000).toISOString(),
    finishedAt: new Date(now).toISOString(),
    durationSeconds: 12,
  })
  stub.emit({
    kind: 'reduction',
    instrument: 'ENGINX',
    runNumber,
    reductionId: found.id,
    state: 'Completed',
    reason: null,
  })
}

describe.skipIf(!hasBrowser)(`watching${whySkipped}`, { timeout: 120_000 }, () => {
  const { service, open } = portalFixture()

  it('the first page tells of a new run, its state and its last words without being touched', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(base)
    const row = page.locator('[data-instrument="ENGINX"]')
    await row.getByText('Focusing bank 1 of 2').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    measure(stub, 299_082)
    await row.getByText('Fresh from the beam').waitFor()
    await row.getByText('Queued').waitFor()
    finish(stub, 299_082)
    await row.getByText('Completed in 12 s').waitFor()
  })

  it('new runs gather above the list, which does not move; rows change in place', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX`)
    await page.getByText('Live', { exact: true }).waitFor()
    const first = page.locator('[data-row]').first()
    await first.waitFor()
    const before = await page.locator('[data-key="ENGINX/299075"]').boundingBox()
    measure(stub, 299_082)
    measure(stub, 299_083)
    finish(stub, 299_081)
    const gathered = page.getByRole('button', { name: '2 new runs' })
    await gathered.waitFor()
    expect(await first.textContent()).toBe('299081')
    await page.locator('[data-key="ENGINX/299081"]').getByText('Completed in 12 s').waitFor()
    const after = await page.locator('[data-key="ENGINX/299075"]').boundingBox()
    expect((after?.y ?? 0) - (before?.y ?? 0)).toBeLessThanOrEqual(32)
    await gathered.click()
    expect(await page.locator('[data-row]').allTextContents()).toEqual(
      expect.arrayContaining(['299083', '299082', '299081']),
    )
    expect(await first.textContent()).toBe('299083')
    expect(await gathered.count()).toBe(0)
  })

  it('a run that was reduced in batches says so and leads to the newest, on wide and narrow screens', async () => {
    const { base, stub } = await service()
    for (const width of [1440, 1000, 360]) {
      const { page } = await open({ width, height: 900, colorScheme: 'light' })
      await page.goto(`${base}runs?rb=1920234`)
      await page.getByRole('button', { name: 'Show 50 more' }).waitFor()
      const marks = page.getByRole('link', { name: /^in (a batch|\d+ batches)$/ })
      await eventually(() => marks.allTextContents()).toEqual([
        'in 2 batches',
        'in a batch',
        'in 2 batches',
        'in 2 batches',
      ])
      await page.locator('[data-key="ENGINX/299062"]').getByRole('link', { name: 'in a batch' }).click()
      await page.getByRole('heading', { name: 'Batch of 4 runs' }).waitFor()
      expect(page.url()).toBe(`${base}reductions/${batchOf(stub.world, 'ENGINX')}`)
    }
  })

  it('a row further down changes too, and more rows come when asked', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX`)
    await page.getByRole('button', { name: 'Show 50 more' }).click()
    await page.getByText('100 runs shown').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    finish(stub, 299_000)
    await page.locator('[data-key="ENGINX/299000"]').getByText('Completed in 12 s').waitFor()
  })

  it('filters stand in the address, and going back finds the list and the row again', async () => {
    const { base } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX`)
    await page.getByRole('combobox', { name: 'State' }).selectOption('Error')
    await eventually(() => page.locator('[data-row]').count()).toBe(1)
    expect(page.url()).toBe(`${base}instruments/ENGINX?state=Error`)
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await page.getByLabel('Title contains').fill('weld')
    await page.keyboard.press('Enter')
    await eventually(() => page.locator('[data-row]').allTextContents()).toEqual(['299078'])
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await page.getByLabel('RB number', { exact: true }).fill('12')
    await page.keyboard.press('Enter')
    await page.getByText('An RB number has seven digits.').waitFor()
    await page.getByLabel('RB number', { exact: true }).fill('')
    await page.keyboard.press('Enter')
    await page.locator('[data-key="ENGINX/299064"] [data-row]').click()
    await settled(page)
    await page.goBack()
    await eventually(() => page.evaluate(() => document.activeElement?.textContent)).toBe('299064')
  })

  it('a search finds instruments by their start, experiments by number and runs by a part of the title', async () => {
    const { base } = await service()
    const { page } = await open()
    await page.goto(base)
    await page.locator('[data-instrument="IRIS"]').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('weld')
    await page.getByRole('option', { name: 'ENGINX 299078' }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Runs with “weld” in the title' }).waitFor()
    await eventually(() => page.locator('[data-row]').allTextContents()).toEqual(['299078'])
    await page.keyboard.press('/')
    await page.keyboard.type('RB 2210044')
    await page.getByRole('option', { name: 'RB 2210044' }).click()
    await eventually(() => page.locator('[data-row]').allTextContents()).toEqual(['74014', '74013'])
    await page.keyboard.press('/')
    await page.keyboard.type('iri')
    await page.getByRole('option', { name: 'IRIS instrument' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'IRIS' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('77777')
    await page.getByText('No run has the number 77777.').waitFor()
  })

  it('a lost connection says since when, keeps what was there, and catches up', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(base)
    await page.getByText('Live', { exact: true }).waitFor()
    stub.troubles.isDown = true
    stub.cutEvents()
    await page.getByText(/The service does not answer since \d\d:\d\d/).waitFor()
    await page.getByText('Not connected').waitFor()
    expect(await page.locator('[data-instrument="IRIS"]').textContent()).toContain('H2O 5 deg')
    measure(stub, 299_082, 'Measured in the dark')
    stub.troubles.isDown = false
    await page.getByText('Measured in the dark').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    expect(await page.getByText('The service does not answer').count()).toBe(0)
  })

  it('without an event stream the pages look for themselves, and say so', async () => {
    const { base, stub } = await service()
    stub.troubles.hasNoEvents = true
    const { page } = await open()
    await page.goto(base)
    await page.getByText('Every few s').waitFor()
    measure(stub, 299_082)
    await page.getByText('Fresh from the beam').waitFor()
  })

  it('an empty service says what will appear, and a refusal is shown in its own words', async () => {
    const empty = await service(newWorld())
    const { page } = await open()
    await page.goto(empty.base)
    await page.getByText('No instrument is watched yet.').waitFor()
    for (const [path, words] of [
      ['runs', 'No run has been recorded yet.'],
      ['waiting', 'No run is waiting'],
      ['failures', 'Nothing has failed.'],
    ] as const) {
      await page.goto(empty.base + path)
      await page.getByText(words).waitFor()
    }
    empty.stub.troubles.problems.set('runs', {
      status: 422,
      detail: 'The state “Odd” is none. Choose one of the list.',
    })
    await page.goto(`${empty.base}runs?state=Odd`)
    await page.getByText('The state “Odd” is none. Choose one of the list.').waitFor()
    empty.stub.troubles.problems.clear()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('No run is like this.').waitFor()
  })

  it('what takes long says that it is loading', async () => {
    const { base, stub } = await service()
    const gate = Promise.withResolvers<void>()
    stub.troubles.held.set('runs', gate.promise)
    const { page } = await open()
    await page.goto(`${base}runs`)
    await page.getByText('Loading runs …').waitFor()
    gate.resolve()
    await page.locator('[data-row]').first().waitFor()
  })

  it('waiting files are tried again and dismissed, and stay in sight', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}waiting`)
    const row = page.locator('li', { hasText: 'VESUVIO' })
    await row.getByRole('button', { name: 'Dismiss' }).click()
    await row.getByText('Dismissed').waitFor()
    expect(stub.world.detections.get(72)?.state).toBe('dismissed')
    await row.getByRole('button', { name: 'Try again' }).click()
    await row.getByText('Looked for now').waitFor()
    stub.troubles.problems.set('detections/71/retry', { status: 409, detail: 'Its file has just come.' })
    const other = page.locator('li', { hasText: 'INTER' })
    await other.getByRole('button', { name: 'Try again' }).click()
    await other.getByText('Its file has just come.').waitFor()
  })

  it('a notice asks before it does what was chosen', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(base)
    await page.getByRole('button', { name: 'Go on after 29120' }).click()
    await page.getByText('Nothing is submitted now; the next new run of MARI after 29120 is.').waitFor()
    expect(stub.world.notices.get(5)?.resolvedAt).toBeNull()
    await page.getByRole('button', { name: 'Set the counter' }).click()
    await eventually(() => stub.world.notices.get(5)?.resolution).toBe('set-cursor')
    await eventually(() => page.getByText('The run counter went back').count()).toBe(0)
  })

  it('the counter of an instrument is set after it was checked', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX`)
    await page.getByRole('button', { name: 'Set counter' }).click()
    const field = page.getByLabel('Last run dealt with')
    expect(await field.inputValue()).toBe('299081')
    await field.fill('12x')
    await page.getByRole('button', { name: 'Set the counter' }).click()
    await page.getByText('Write a run number: digits only.').waitFor()
    await field.fill('299000')
    await page.keyboard.press('Enter')
    await eventually(() => stub.world.instruments.get('ENGINX')?.lastRun).toBe(299_000)
  })
})

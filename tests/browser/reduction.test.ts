import { describe, expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import { sampleLog } from '../../web/dev/sample-files.ts'
import { eventually } from './support/eventually.ts'
import { hasBrowser, portalFixture, whySkipped } from './support/fixture.ts'
import { settled } from './support/portal-page.ts'
import { reductionOf } from './support/sample-pages.ts'

/** How many pixels of the figure are drawn at all. */
const inked = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.plot canvas')
    const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
    let count = 0
    for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 0) count += 1
    return count
  })

describe.skipIf(!hasBrowser)(`a reduction’s page${whySkipped}`, { timeout: 120_000 }, () => {
  const { service, open } = portalFixture()

  it('follows a running script line by line, then shows its plots', async () => {
    const { base, stub } = await service()
    const id = reductionOf(stub.world, 'ENGINX', 299_081)
    const running = stub.world.reductions.get(id)
    if (!running) throw new Error('no such sample')
    const { page } = await open()
    await page.goto(`${base}reductions/${id}`)
    const log = page.getByRole('region', { name: 'Log' })
    await log.getByText('Focusing bank 1 of 2').waitFor()
    await page.getByText('Plots appear here when the reduction has ended').waitFor()
    // A line that arrives in two halves, cut inside a letter of two bytes, is one line.
    const lines = Array.from({ length: 80 }, (_, place) => `spectrum ${place}`).join('\n')
    stub.world.reductions.set(id, { ...running, log: `${running.log}${lines}\nd = 1.913 Å and mo` })
    await log.getByText('d = 1.913 Å and mo').waitFor()
    await eventually(() => log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)).toBeLessThan(24)
    const finished = {
      ...running,
      state: 'Completed' as const,
      finishedAt: new Date().toISOString(),
      durationSeconds: 42,
    }
    const done = stub.world.reductions.get(reductionOf(stub.world, 'ENGINX', 299_080))
    stub.world.reductions.set(id, {
      ...finished,
      files: done?.files ?? [],
      log: `${running.log}${lines}\nd = 1.913 Å and more\n`,
    })
    stub.emit({
      kind: 'reduction',
      instrument: 'ENGINX',
      runNumber: 299_081,
      reductionId: id,
      state: 'Completed',
      reason: null,
    })
    await page.getByText('Completed in 42 s').first().waitFor()
    await log.getByText('d = 1.913 Å and more').waitFor()
    expect(await log.locator('[data-number="85"]').textContent()).toBe('d = 1.913 Å and more')
    await settled(page)
    expect(await inked(page)).toBeGreaterThan(2000)
  })

  it('asks every second where the log cannot be streamed, and misses nothing', async () => {
    const { base, stub } = await service()
    stub.troubles.hasNoLogStream = true
    const id = reductionOf(stub.world, 'ENGINX', 299_081)
    const running = stub.world.reductions.get(id)
    if (!running) throw new Error('no such sample')
    const { page } = await open()
    await page.goto(`${base}reductions/${id}`)
    const log = page.getByRole('region', { name: 'Log' })
    await log.getByText('Focusing bank 1 of 2').waitFor()
    stub.world.reductions.set(id, { ...running, log: `${running.log}10 %\r50 %\r` })
    await log.getByText('50 %').waitFor()
    stub.world.reductions.set(id, { ...running, log: `${running.log}10 %\r50 %\r100 %\n\u001b[32mdone\u001b[0m Å\n` })
    await log.getByText('done Å').waitFor()
    expect(await log.locator('[data-number="5"]').textContent()).toBe('100 %')
    expect(stub.calls.some(({ path }) => path.endsWith('/log'))).toBe(true)
  })

  it('goes on after a stream that broke off, without a line twice', async () => {
    const { base, stub } = await service()
    const id = reductionOf(stub.world, 'ENGINX', 299_081)
    const running = stub.world.reductions.get(id)
    if (!running) throw new Error('no such sample')
    const { page } = await open()
    await page.goto(`${base}reductions/${id}`)
    const log = page.getByRole('region', { name: 'Log' })
    await log.getByText('Focusing bank 1 of 2').waitFor()
    const streams = (): number => stub.calls.filter(({ path }) => path.endsWith('/log/stream')).length
    await eventually(streams).toBe(1)
    stub.world.reductions.set(id, { ...running, log: `${running.log}before the cut\n` })
    await log.getByText('before the cut').waitFor()
    stub.cutEvents()
    stub.world.reductions.set(id, { ...running, log: `${running.log}before the cut\nafter it\n` })
    await log.getByText('after it').waitFor()
    await eventually(streams).toBe(2)
    expect(await log.getByText('before the cut').count()).toBe(1)
  })

  it('draws figures that can be read, zoomed and changed by keyboard, in either theme', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'ENGINX', 299_080)}`)
    await settled(page)
    const both = await inked(page)
    await page.getByRole('button', { name: 'North bank' }).click()
    await eventually(() => inked(page)).toBeLessThan(both)
    await page.getByRole('button', { name: 'North bank' }).click()
    await page.getByRole('application').focus()
    await page.keyboard.press('ArrowRight')
    await eventually(() => page.locator('.reading').textContent()).toMatch(/^1\.5\d+$/)
    await eventually(() => page.getByRole('button', { name: 'South bank' }).textContent()).toMatch(/South bank\s*3\d/)
    const all = page.getByRole('button', { name: 'All', exact: true })
    expect(await all.isDisabled()).toBe(true)
    await page.keyboard.press('+')
    await eventually(() => all.isDisabled()).toBe(false)
    await page.keyboard.press('0')
    await eventually(() => all.isDisabled()).toBe(true)
    await page.getByLabel('Log y').check()
    await settled(page)
    await eventually(() => inked(page)).toBeGreaterThan(2000)
    await page.getByRole('button', { name: 'Colours' }).click()
    await page.getByRole('button', { name: 'Colours: Light' }).click()
    await settled(page)
    await eventually(() => inked(page)).toBeGreaterThan(2000)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'PNG', exact: true }).click(),
    ])
    expect(download.suggestedFilename()).toBe('Focused_both_banks.png')
  })

  it('shows pictures, maps and error bars, and steps through plots by key', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'LOQ', 74_013)}`)
    await settled(page)
    expect(await inked(page)).toBeGreaterThan(100_000)
    await page.mouse.move(500, 400)
    await eventually(() => page.locator('.reading').textContent()).toMatch(/: /)
    await page.keyboard.press(']')
    await page.getByRole('img', { name: 'LOQ74013_radial.png of Silica 2 % in D2O, front' }).waitFor()
    await page.keyboard.press('[')
    await page.locator('.plot canvas').waitFor()
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'HIFI', 180_594)}`)
    await settled(page)
    expect(await inked(page)).toBeGreaterThan(2000)
  })

  it('tells variables that differ, paths in both forms, versions and neighbours', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'ENGINX', 299_080)}`)
    await settled(page)
    await page.getByRole('heading', { name: 'Variables, 2 changed' }).waitFor()
    expect(await page.locator('aside dl div', { hasText: 'vanadium_run' }).textContent()).toMatch(
      /instead of\s236516\s*241390/,
    )
    await page.getByRole('button', { name: 'Copy for Windows: the Windows results path' }).click()
    await page.getByText('Copied the Windows results path').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      '\\\\isis\\inst$\\ENGINX\\RBNumber\\RB1920234\\autoreduced\\299080\\run-version-1',
    )
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByRole('link', { name: 'Version 0', exact: true }).click()
    await page.getByRole('link', { name: 'the newest is 1' }).waitFor()
    await page.keyboard.press('j')
    await eventually(() => page.locator('h1').textContent()).toBe('Steel rod, 300 K, position 3')
    await page.getByText('FileNotFoundError: vanadium run 236516 not found.').first().waitFor()
  })

  it('downloads files by their own names', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'ENGINX', 299_080)}?tab=files`)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'RB_1920234_Run_299080_Script.out' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('RB_1920234_Run_299080_Script.out')
  })

  it('shows the end of a long log at once and the whole when asked', async () => {
    const { base, stub } = await service()
    const id = reductionOf(stub.world, 'ENGINX', 299_080)
    const reduction = stub.world.reductions.get(id)
    if (!reduction) throw new Error('no such sample')
    const long = Array.from({ length: 60_000 }, (_, place) => `line ${place + 1} of a long log that goes on`).join('\n')
    stub.world.reductions.set(id, { ...reduction, log: `${long}\n${sampleLog('ENGINX', 299_080)}` })
    const { page } = await open()
    await page.goto(`${base}reductions/${id}`)
    await page.getByText(/The first \d(\.\d)? MB are not shown/).waitFor()
    expect(await page.locator('.line').first().textContent()).toMatch(/^line [1-9]\d{4} of a long log/)
    await page.getByRole('button', { name: /^Show all/ }).click()
    await page.getByText('60,007 lines').waitFor()
    expect(await page.locator('[data-number="60000"]').textContent()).toBe('line 60000 of a long log that goes on')
  })

  it('says where the middle of a log was not kept', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    const piece = (text: string, offset: number, next: number) => ({
      body: text,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'x-log-offset': String(offset),
        'x-log-next': String(next),
        'x-log-size': '5000000',
        'x-log-complete': 'true',
      },
    })
    await page.route('**/log?*', (route) =>
      route.fulfill(
        route.request().url().endsWith('offset=10')
          ? piece('the end\n', 4_999_992, 5_000_000)
          : piece('the start\n', 0, 10),
      ),
    )
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'ENGINX', 299_080)}`)
    await eventually(() => page.locator('.line').allTextContents()).toEqual([
      'the start',
      '… 5 MB in the middle were not kept …',
      'the end',
    ])
  })

  it('says plainly that there is no such reduction', async () => {
    const { base } = await service()
    const { page } = await open()
    await page.goto(`${base}reductions/999999`)
    await page.getByRole('heading', { name: 'There is no reduction 999999' }).waitFor()
  })
})

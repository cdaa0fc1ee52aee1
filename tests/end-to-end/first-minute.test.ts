import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Run } from '#contracts/api.ts'
import { openBrowser } from '../browser/support/open-browser.ts'
import { startTheStack, type Stack } from './the-stack.ts'

/** What a newcomer sees who types `make up` and opens the address: the sample archive, its simulator, and a browser. */
let stack: Stack
let browser: Browser
let page: Page
let readyAt: number

beforeAll(async () => {
  stack = await startTheStack({})
  readyAt = Date.now()
  browser = await openBrowser()
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
}, 240_000)

afterAll(async () => {
  // In this order: where no browser came up, the stack still ends.
  await stack.stop()
  await browser.close()
}, 60_000)

const completed = async (): Promise<Run | undefined> =>
  (await stack.get<{ items: Run[] }>('runs?state=Completed')).items.at(-1)

describe('the first minute', () => {
  it('shows the simulated instruments at once', async () => {
    await page.goto(stack.url)
    await page.getByRole('heading', { name: 'Now' }).waitFor()
    for (const instrument of ['ENGINX', 'INTER', 'MUSR', 'POLARIS']) {
      await page.getByRole('link', { name: instrument }).first().waitFor()
    }
  })

  it('brings a first run to Completed within 60 s, on the page too, without being touched', async () => {
    await vi.waitUntil(completed, { timeout: 60_000, interval: 250 })
    expect(Date.now() - readyAt).toBeLessThan(60_000)
    const run = await completed()
    await page.getByText(String(run?.runNumber)).first().waitFor()
    await page
      .getByText(/Completed in/)
      .first()
      .waitFor()
  }, 70_000)

  it('shows its plots, its log and its variables, with nothing that keeps anybody out', async () => {
    const run = await completed()
    await page.goto(`${stack.url}/reductions/${run?.latest?.id}`)
    await page
      .getByRole('heading', { name: run?.title ?? '' })
      .first()
      .waitFor()
    await page.locator('canvas').first().waitFor()
    const image = page.locator('img').first()
    await image.waitFor()
    await vi.waitUntil(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth > 0), 20_000)
    await page
      .getByText(/Wrote .*_reduced\.nxs/)
      .first()
      .waitFor()
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
  }, 60_000)

  it('runs it again differently, and shows both versions', async () => {
    const run = await completed()
    const answer = await stack.post('submissions', {
      instrument: run?.instrument,
      runs: String(run?.runNumber),
      description: 'once more',
    })
    expect(await answer.json()).toMatchObject({ outcomes: [{ outcome: 'queued', version: 1 }] })
    await vi.waitUntil(
      async () => {
        const { items } = await stack.get<{ items: Run[] }>(`runs?instrument=${run?.instrument}&run=${run?.runNumber}`)
        return items[0]?.latest?.version === 1 && items[0].latest.state === 'Completed'
      },
      { timeout: 60_000, interval: 250 },
    )
  }, 70_000)
})

import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { settled } from './support/portal-page.ts'

/**
 * What a person does on the portal of a running service, given its address with a slash at the end. Nothing here knows what
 * the service holds; each step waits until the page itself says that it is done.
 */

/** The first page shows these instruments and says that it is live. */
export const seeInstruments = async (page: Page, base: string, instruments: readonly string[]): Promise<void> => {
  await page.goto(base)
  for (const instrument of instruments) await page.locator(`[data-instrument="${instrument}"]`).waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
}

/** Finds a run through the search, by keyboard, and opens its newest reduction. */
export const findRun = async (
  page: Page,
  run: { readonly instrument: string; readonly runNumber: number },
): Promise<void> => {
  await page.keyboard.press('/')
  await page.keyboard.type(String(run.runNumber))
  await page.getByRole('option', { name: `${run.instrument} ${run.runNumber}` }).click()
  await page.getByRole('navigation', { name: 'Where this is' }).getByText(String(run.runNumber)).waitFor()
}

/** Waits on a reduction's page until it has ended, without touching it; gives the state as the page says it. */
export const followToTheEnd = async (page: Page, timeoutMs: number): Promise<string> => {
  await page.waitForFunction(
    () => /Completed|Error|Skipped|Cancelled/.test(document.querySelector('main .head .state')?.textContent ?? ''),
    undefined,
    { timeout: timeoutMs },
  )
  await settled(page)
  return ((await page.locator('main .head .state').first().textContent()) ?? '').trim()
}

/** Every plot of the page is drawn or shown: figures have ink, pictures have pixels. Gives how many there are. */
export const seePlots = async (page: Page): Promise<number> => {
  await page.getByRole('region', { name: 'Plots' }).waitFor()
  const stamps = await page.getByRole('group', { name: 'All plots' }).getByRole('button').count()
  const count = Math.max(1, stamps)
  for (let place = 0; place < count; place += 1) {
    await settled(page)
    await page.waitForFunction(() => {
      const picture = document.querySelector<HTMLImageElement>('.figure img')
      if (picture) return picture.naturalWidth > 0
      const canvas = document.querySelector<HTMLCanvasElement>('.plot canvas')
      const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
      return data.some((value) => value > 0)
    })
    if (count > 1) await page.keyboard.press(']')
  }
  return count
}

/** The log on the page, once it has a line. */
export const readLog = async (page: Page): Promise<string> => {
  const log = page.getByRole('region', { name: 'Log' })
  await log.locator('.line').first().waitFor()
  return (await log.locator('.line').allTextContents()).join('\n')
}

/** Re-runs what the page shows through the form, with these values written into its fields, and goes to the new reduction. */
export const rerunWith = async (
  page: Page,
  values: Readonly<Record<string, string>>,
  description: string,
): Promise<void> => {
  await page.keyboard.press('r')
  await page.getByLabel('Description').fill(description)
  for (const [name, value] of Object.entries(values)) await page.getByLabel(name, { exact: true }).fill(value)
  await page.getByRole('button', { name: 'Re-run 1 run' }).click()
  await page.getByRole('link', { name: 'Follow the reduction' }).click()
  await page.getByText(description).first().waitFor()
}

/** What keeps people out of the page as it is now; nothing, it is to be hoped. */
export const barriers = async (page: Page): Promise<readonly string[]> => {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
}

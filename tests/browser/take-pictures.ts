import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildPortal } from './support/build-portal.ts'
import { openBrowser } from './support/open-browser.ts'
import { openPortal } from './support/open-portal.ts'
import { settled } from './support/portal-page.ts'
import { samplePages } from './support/sample-pages.ts'

/**
 * Pictures of every page, wide and narrow, light and dark, to be looked at:
 * `npx node tests/browser/take-pictures.ts FOLDER [WORD]`, where WORD picks pages by name.
 */
const [folder = 'pictures', word = ''] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })

const portal = await buildPortal()
const { base, stub, stop } = await openPortal(portal.publicRoot)
const browser = await openBrowser()
const pages = Object.entries(samplePages(stub.world))
const sizes = [
  { name: '1440', width: 1440, height: 900 },
  { name: '2560', width: 2560, height: 1440 },
  { name: '390', width: 390, height: 844 },
] as const

for (const colorScheme of ['light', 'dark'] as const) {
  for (const { name: size, width, height } of sizes) {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width, height },
      deviceScaleFactor: width === 390 ? 2 : 1,
    })
    const page = await context.newPage()
    for (const [name, path] of pages) {
      if (!name.includes(word) && !`${name}-${size}-${colorScheme}`.includes(word)) continue
      await page.goto(base + path)
      await settled(page)
      await page.waitForTimeout(150)
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: width === 390 })
    }
    await context.close()
  }
}
await browser.close()
await stop()
portal.remove()

import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { World } from '../../../web/dev/world.ts'
import { buildPortal } from './build-portal.ts'
import { browserPath, openBrowser } from './open-browser.ts'
import { openPortal, type OpenPortal } from './open-portal.ts'
import { openPage, type PortalPage, type View } from './portal-page.ts'

export const hasBrowser = browserPath() !== undefined
export const whySkipped = hasBrowser ? '' : ' (skipped: no Chromium here; install it or set CHROMIUM)'

/**
 * One build and one browser for a test file; each test opens its own service and pages, which are closed after it. A page that
 * complained of anything fails its test.
 */
export const portalFixture = (): {
  readonly service: (world?: World) => Promise<OpenPortal>
  readonly open: (view?: View) => Promise<PortalPage>
} => {
  let built: Awaited<ReturnType<typeof buildPortal>> | undefined
  let browser: Browser | undefined
  const services: OpenPortal[] = []
  const pages: PortalPage[] = []

  beforeAll(async () => {
    if (!hasBrowser) return
    built = await buildPortal()
    browser = await openBrowser()
  }, 180_000)
  afterEach(async () => {
    const complaints = pages.flatMap((page) => page.complaints)
    for (const page of pages.splice(0)) await page.close()
    for (const service of services.splice(0)) await service.stop()
    expect(complaints).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    built?.remove()
  })
  return {
    service: async (world) => {
      if (!built) throw new Error('the portal is not built')
      const service = await openPortal(built.publicRoot, world)
      services.push(service)
      return service
    },
    open: async (view) => {
      if (!browser) throw new Error('there is no browser')
      const page = await openPage(browser, view)
      pages.push(page)
      return page
    },
  }
}

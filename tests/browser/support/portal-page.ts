import type { Browser, BrowserContext, Page } from 'playwright-core'

export type PortalPage = {
  readonly page: Page
  readonly context: BrowserContext
  /** What the page complained of: scripts' errors, refused contents, failed requests that the test did not ask for. */
  readonly complaints: readonly string[]
  readonly close: () => Promise<void>
}

export type View = { readonly width?: number; readonly height?: number; readonly colorScheme?: 'light' | 'dark' }

/** A page of its own, without memory of other tests, that writes down everything it complains of. */
export const openPage = async (browser: Browser, view: View = {}): Promise<PortalPage> => {
  const context = await browser.newContext({
    viewport: { width: view.width ?? 1440, height: view.height ?? 900 },
    colorScheme: view.colorScheme ?? 'light',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // The browser reports each answer of 4xx and 5xx; those are the test's own doing.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  page.setDefaultTimeout(30_000)
  return { page, context, complaints, close: () => context.close() }
}

/** Waits until nothing on the page is loading and every figure is drawn. */
export const settled = async (page: Page): Promise<void> => {
  await page.waitForSelector('main h1')
  await page.waitForFunction(
    () => !document.querySelector('[aria-busy="true"]') && !document.querySelector('[data-ready="false"]'),
  )
}

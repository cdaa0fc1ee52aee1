import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser to test with: `CHROMIUM`, else the installed one; undefined where there is none. */
export const browserPath = (): string | undefined =>
  [process.env['CHROMIUM'], ...candidates].find((path) => path && existsSync(path))

/** A browser without a window. It talks to nobody but the pages it is given. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: browserPath(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

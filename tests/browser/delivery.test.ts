import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from './support/eventually.ts'
import { hasBrowser, portalFixture, whySkipped } from './support/fixture.ts'
import { settled } from './support/portal-page.ts'
import { reductionOf } from './support/sample-pages.ts'

describe.skipIf(!hasBrowser)(`the portal as it is delivered${whySkipped}`, { timeout: 120_000 }, () => {
  const { service, open } = portalFixture()

  it.each(['', 'portal/', 'function/web/'])('works under the prefix “%s”, opened on any page', async (prefix) => {
    const { base, stub } = await service()
    const { page } = await open()
    const id = reductionOf(stub.world, 'ENGINX', 299_080)
    await page.goto(`${base}${prefix}reductions/${id}`)
    await settled(page)
    expect(await page.locator('h1').textContent()).toBe('Steel rod, 300 K, position 2')
    await page.locator('canvas').first().waitFor()
    await page.getByRole('link', { name: 'ENGINX', exact: true }).click()
    await page.locator('[data-row]').first().waitFor()
    expect(page.url()).toBe(`${base}${prefix}instruments/ENGINX`)
    await page.getByRole('link', { name: 'Now' }).click()
    expect(page.url()).toBe(base + prefix)
    await page.reload()
    await page.getByText('10 instruments watched').waitFor()
  })

  it('needs less than 150 kB, compressed, for its first view, and nothing from elsewhere', async () => {
    const { base } = await service()
    const { page } = await open()
    const sizes = new Map<string, number>()
    page.on('response', (response) => {
      const url = new URL(response.url())
      if (/\.(js|css)$/.test(url.pathname)) sizes.set(url.pathname, Number(response.headers()['content-length']))
      expect(url.origin).toBe(new URL(base).origin)
    })
    await page.goto(base)
    await settled(page)
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
    expect(sizes.size).toBeGreaterThanOrEqual(3)
    expect(total).toBeGreaterThan(10_000)
    expect(total).toBeLessThan(150_000)
  })

  it('shows what scripts wrote as text and pictures, never as part of the page', async () => {
    const { base, stub } = await service()
    const id = reductionOf(stub.world, 'ENGINX', 299_080)
    const reduction = stub.world.reductions.get(id)
    const run = stub.world.runs.get('ENGINX/299080')
    if (!reduction || !run) throw new Error('no such sample')
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    stub.world.runs.set('ENGINX/299080', { ...run, title: hostile })
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>parent.document.title=3</script></svg>',
    )
    const figure = Buffer.from(JSON.stringify({ data: [{ y: [1, 2], name: hostile }], layout: { title: hostile } }))
    stub.world.reductions.set(id, {
      ...reduction,
      description: hostile,
      reason: hostile,
      log: `${hostile}\n`,
      files: [
        { path: 'a.json', mediaType: 'application/json', plot: 'plotly', bytes: figure },
        { path: 'b.svg', mediaType: 'image/svg+xml', plot: 'image', bytes: svg },
      ],
    })
    const { page } = await open()
    await page.goto(`${base}reductions/${id}`)
    await settled(page)
    expect(await page.locator('h1').textContent()).toBe(hostile)
    expect(await page.getByRole('region', { name: 'Log' }).textContent()).toContain('<script>')
    await page.getByRole('button', { name: 'b.svg' }).click()
    await page.locator('.figure img').waitFor()
    expect(await page.title()).toContain(hostile)
    expect(await page.locator('main script, main svg script, main img[onerror]').count()).toBe(0)
  })

  it('is light or dark before its first paint, as the system is or as a person chose', async () => {
    const { base } = await service()
    const { page } = await open({ colorScheme: 'dark' })
    const theme = (): Promise<string | undefined> => page.evaluate(() => document.documentElement.dataset['theme'])
    await page.goto(base)
    expect(await theme()).toBe('dark')
    const button = page.getByRole('button', { name: 'Colours' })
    await button.click()
    expect(await theme()).toBe('light')
    await page.reload({ waitUntil: 'commit' })
    await page.waitForFunction(() => document.documentElement.dataset['theme'] !== undefined)
    expect(await theme()).toBe('light')
    await page.getByRole('button', { name: 'Colours: Light' }).click()
    await page.getByRole('button', { name: 'Colours: Dark' }).click()
    await page.emulateMedia({ colorScheme: 'light' })
    await eventually(theme).toBe('light')
  })
})

it('bundles the contracts’ types only, never their library', () => {
  const folder = join(import.meta.dirname, '../../web/src')
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(ts|svelte)$/.test(file) || file.endsWith('.test.ts')) continue
    const text = readFileSync(join(folder, file), 'utf8')
    const values = [...text.matchAll(/^\s*import\s+(?!type\b)([^'";]*?)\s+from\s+'(?:#contracts\/|zod)/gm)].map(
      (found) => found[1],
    )
    expect(values, file).toEqual([])
  }
})

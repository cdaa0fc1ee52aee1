import { describe, expect, it } from 'vitest'
import { eventually } from './support/eventually.ts'
import { hasBrowser, portalFixture, whySkipped } from './support/fixture.ts'
import { settled } from './support/portal-page.ts'
import { firstReductionOf, reductionOf } from './support/sample-pages.ts'

describe.skipIf(!hasBrowser)(`comparing reductions${whySkipped}`, { timeout: 120_000 }, () => {
  const { service, open } = portalFixture()

  it('shows what differs between two versions: variables, script, software, plots side by side', async () => {
    const { base, stub } = await service()
    const first = firstReductionOf(stub.world, 'ENGINX', 299_080)
    const newest = reductionOf(stub.world, 'ENGINX', 299_080)
    const { page } = await open()
    await page.goto(`${base}reductions/${newest}`)
    await settled(page)
    await page.keyboard.press('c')
    await page.waitForURL(`**/compare/${first}/${newest}`)
    await page.getByRole('heading', { level: 1, name: 'ENGINX 299080: version 0 and version 1' }).waitFor()
    const variables = page.getByRole('region', { name: 'Variables' })
    const vanadium = variables.getByRole('row', { name: /vanadium_run/ })
    expect(await vanadium.getByRole('cell').allInnerTexts()).toEqual([
      '236516',
      expect.stringMatching(/^241390/) as string,
    ])
    const script = page.getByRole('region', { name: 'Differences in reduce.py' })
    expect(await script.locator('tr.left .text').allInnerTexts()).toEqual([
      "    focus(input_file, output_dir, unit=variables['unit'], bins=variables['bins'])",
    ])
    expect(await script.locator('tr.right .text').count()).toBe(2)
    expect(await script.locator('tr.right .number').last().innerText()).toBe('10')
    await page.getByRole('region', { name: 'Software' }).getByRole('row', { name: /numpy/ }).waitFor()
    const plots = page.getByRole('region', { name: 'Plots' })
    await eventually(() => plots.locator('.plot canvas').count()).toBe(2)
    await page.keyboard.press(']')
    await eventually(() => plots.locator('img[alt*="bank_1"]').count()).toBe(2)
    await page.keyboard.press('s')
    await page.waitForURL(`**/compare/${newest}/${first}`)
  })

  it('is reached from two selected rows, the earlier run on the left', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX`)
    await settled(page)
    await page.keyboard.press('c')
    await page.getByRole('status').getByText('Select two runs to compare them').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.getByRole('region', { name: 'Selection' }).getByRole('link', { name: 'Compare' }).waitFor()
    await page.keyboard.press('c')
    const [left, right] = [reductionOf(stub.world, 'ENGINX', 299_079), reductionOf(stub.world, 'ENGINX', 299_080)]
    await page.waitForURL(`**/compare/${left}/${right}`)
    await page.getByRole('heading', { level: 1, name: 'ENGINX 299079 and 299080' }).waitFor()
    await page.getByText('vanadium run 236516 not found').waitFor()
  })

  it('is offered beside each other version', async () => {
    const { base, stub } = await service()
    const first = firstReductionOf(stub.world, 'ENGINX', 299_080)
    const newest = reductionOf(stub.world, 'ENGINX', 299_080)
    const { page } = await open()
    await page.goto(`${base}reductions/${first}?tab=history`)
    await page.getByRole('link', { name: 'Compare with version 1' }).click()
    await page.waitForURL(`**/compare/${first}/${newest}`)
  })

  it('says what is not known of one that has not run', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    const [left, right] = [reductionOf(stub.world, 'ENGINX', 299_078), reductionOf(stub.world, 'ENGINX', 299_081)]
    await page.goto(`${base}compare/${left}/${right}`)
    await page.getByText('has no results (yet), so nothing is recorded of how it ran').waitFor()
    await page.getByRole('region', { name: 'Software' }).getByText('not known').first().waitFor()
  })
})

describe.skipIf(!hasBrowser)(`files of a reduction${whySkipped}`, { timeout: 120_000 }, () => {
  const { service, open } = portalFixture()

  it('are chosen and downloaded together', async () => {
    const { base, stub } = await service()
    const id = reductionOf(stub.world, 'ENGINX', 299_080)
    const { page } = await open()
    await page.goto(`${base}reductions/${id}?tab=files`)
    const zip = page.getByRole('link', { name: /as ZIP/ })
    await zip.waitFor()
    expect(await zip.innerText()).toBe('Download all as ZIP')
    expect(new URL((await zip.getAttribute('href')) ?? '', base).search).toBe('')
    await page.getByRole('checkbox', { name: 'Choose ENGINX299080_bank_1.png' }).check()
    await page.getByRole('checkbox', { name: 'Choose ENGINX299080_bank_2.png' }).check()
    await page.getByRole('checkbox', { name: 'Choose provenance.json' }).check()
    await eventually(() => zip.innerText()).toBe('Download 3 as ZIP')
    const [download] = await Promise.all([page.waitForEvent('download'), zip.click()])
    expect(download.suggestedFilename()).toBe('ENGINX_299080_version_1.zip')
    expect(new URL(download.url()).search).toBe('?files=2-3%2C5')
    await page.getByRole('checkbox', { name: /3 files chosen/ }).check()
    await eventually(() => zip.innerText()).toBe('Download all as ZIP')
  })

  it('and what ran are told on tabs of their own', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'ENGINX', 299_080)}?tab=provenance`)
    await page.getByText('/opt/environments/scipp-26.1/bin/python3').waitFor()
    await page.getByText('namespaces: user, mount, process, network, IPC').waitFor()
    await page.getByText('6 modules with a version').click()
    await page.getByText('2.3.5').waitFor()
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'ALF', 82_301)}?tab=provenance`)
    await page.getByText('so nothing is recorded of how it ran').waitFor()
  })

  it('and a reproduction tells at the head of its record what was not as it had been', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}reductions/${reductionOf(stub.world, 'ENGINX', 299_077)}?tab=provenance`)
    await page.getByRole('heading', { name: 'Repeats version 0' }).waitFor()
    await page.getByRole('row', { name: 'numpy 2.3.4 2.3.5' }).waitFor()
    await page.getByRole('link', { name: 'version 0' }).last().click()
    await page.getByRole('heading', { name: 'Script' }).waitFor({ state: 'detached' })
    expect(page.url()).toContain(`/reductions/${firstReductionOf(stub.world, 'ENGINX', 299_077)}`)
  })
})

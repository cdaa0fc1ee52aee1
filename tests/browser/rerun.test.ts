import { describe, expect, it } from 'vitest'
import type { Submission } from '#contracts/submission.ts'
import type { StubApi } from '../../web/dev/stub-api/open-stub-api.ts'
import { eventually } from './support/eventually.ts'
import { hasBrowser, portalFixture, whySkipped } from './support/fixture.ts'
import { settled } from './support/portal-page.ts'
import { reductionOf } from './support/sample-pages.ts'

const submissions = (stub: StubApi): { readonly body: Submission; readonly key: string | undefined }[] =>
  stub.calls.filter((call) => call.path === 'submissions').map(({ body, key }) => ({ body: body as Submission, key }))

describe.skipIf(!hasBrowser)(`running again${whySkipped}`, { timeout: 120_000 }, () => {
  const { service, open } = portalFixture()

  it('goes from a search to a new reduction with changed variables by keyboard alone', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    const { keyboard } = page
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.id ?? '')
    const tabTo = async (id: string): Promise<void> => {
      for (let presses = 0; presses < 60; presses += 1) {
        if ((await focused()) === id) return
        await keyboard.press('Tab')
      }
      throw new Error(`Tab never reaches ${id}`)
    }
    await page.goto(base)
    await page.getByText('Live', { exact: true }).waitFor()
    await keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.getByText('search for a run, an RB number, a title or an instrument').waitFor()
    await keyboard.press('Escape')
    await keyboard.press('/')
    await keyboard.type('299080')
    await page.getByRole('option', { name: 'ENGINX 299080' }).waitFor()
    await keyboard.press('Enter')
    await eventually(() => page.locator('h1').textContent()).toBe('Steel rod, 300 K, position 2')
    await settled(page)
    await keyboard.press('r')
    await page.getByRole('heading', { name: 'Re-run a run of ENGINX' }).waitFor()
    await page.getByLabel('vanadium_run', { exact: true }).waitFor()
    await tabTo('variable-standard-vanadium-run')
    await keyboard.press('Control+a')
    await keyboard.type('241391')
    await tabTo('variable-standard-do-absorption')
    await keyboard.press('Space')
    await tabTo('variable-standard-bins')
    await keyboard.press('Control+a')
    await keyboard.type('[0.9, -0.002, 2.2]')
    await tabTo('description')
    await keyboard.type('With the newest vanadium')
    for (let presses = 0; presses < 2; presses += 1) await keyboard.press('Tab')
    await keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Run queued' }).waitFor()
    await keyboard.press('Tab')
    await keyboard.press('Enter')
    await page.getByText('Queued, 1st in line').first().waitFor()

    const [sent] = submissions(stub)
    expect(sent?.key).toMatch(/^[0-9a-f]{32}$/)
    expect(sent?.body).toMatchObject({
      instrument: 'ENGINX',
      runs: '299080',
      script: { from: 'current' },
      description: 'With the newest vanadium',
    })
    expect(sent?.body.variables).toMatchObject({
      vanadium_run: { typed: { type: 'integer', value: '241391' } },
      do_absorption: { typed: { type: 'boolean', value: false } },
      'title suffix': { typed: { type: 'string', value: 'hello, world' } },
      'bkgd-range-min': { typed: { type: 'float', value: '0.05' } },
      mask_file: { typed: { type: 'none' } },
      bins: { typed: { type: 'list', items: [{ value: '0.9' }, { value: '-0.002' }, { value: '2.2' }] } },
      'UB Matrix': { typed: { type: 'mapping' } },
    })
  })

  it('takes the runs selected in the list with j, k, x and r', async () => {
    const { base } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX`)
    await page.locator('[data-row]').first().waitFor()
    for (const key of ['j', 'j', 'x', 'j', 'x', 'j', 'k', 'j', 'j', 'x']) await page.keyboard.press(key)
    await page.getByText('3 runs selected').waitFor()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('299077')
    await page.keyboard.press('r')
    await page.getByRole('heading', { name: 'Re-run 3 runs of ENGINX' }).waitFor()
    expect(await page.getByLabel('Runs', { exact: true }).inputValue()).toBe('299077, 299079-299080')
  })

  it('selects a row of runs by clicks, and none with Escape', async () => {
    const { base } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX`)
    await page.getByLabel('Select run 299080').check()
    await page.getByLabel('Select run 299076').click({ modifiers: ['Shift'] })
    await page.getByText('5 runs selected').waitFor()
    await page.keyboard.press('Escape')
    await eventually(() => page.getByText('runs selected').count()).toBe(0)
  })

  it('refuses in words what cannot be meant, and sends nothing until it is put right', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX/rerun?runs=5-1&from=${reductionOf(stub.world, 'ENGINX', 299_080)}`)
    await page.getByText('The range “5-1” runs backwards. Write 1-5.').waitFor()
    await page.getByLabel('Runs', { exact: true }).fill('299080')
    const bins = page.getByLabel('bins', { exact: true })
    await bins.fill('[0.9, x]')
    await page.getByText("“x” stands without quotes: write 'x' for a text.").waitFor()
    await page.getByLabel('vanadium_run', { exact: true }).fill('nan')
    await page.getByText('“nan” is not a finite number, and no variable may hold one.').waitFor()
    await page.getByRole('button', { name: 'Re-run 1 run' }).click()
    await page.getByText('2 variables have to be put right: vanadium_run, bins.').waitFor()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('variable-standard-vanadium-run')
    expect(submissions(stub)).toEqual([])
    await page.getByRole('button', { name: 'Reset bins to the script’s value' }).click()
    await page.getByRole('button', { name: 'Reset vanadium_run to the script’s value' }).click()
    await page.getByRole('button', { name: 'Re-run 1 run' }).click()
    await page.getByRole('heading', { name: 'Run queued' }).waitFor()
    expect(submissions(stub)).toHaveLength(1)
  })

  it('any value can be written as Python, and a changed type is said', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX/rerun?runs=299080&from=${reductionOf(stub.world, 'ENGINX', 299_080)}`)
    await page.getByRole('button', { name: 'Write unit as Python' }).click()
    const unit = page.getByLabel('unit', { exact: true })
    expect(await unit.inputValue()).toBe("'dSpacing'")
    await unit.fill('None')
    await page.getByText('Becomes None; the script has a text.').waitFor()
    await page.getByRole('button', { name: 'Re-run 1 run' }).click()
    await page.getByRole('heading', { name: 'Run queued' }).waitFor()
    expect(submissions(stub)[0]?.body.variables).toMatchObject({ unit: { typed: { type: 'none' } } })
  })

  it('tells what became of each run, in the service’s own words', async () => {
    const { base } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX/rerun`)
    await page.getByLabel('Runs', { exact: true }).fill('299079-299080, 5')
    await page.getByRole('button', { name: 'Submit 3 runs' }).click()
    await page.getByRole('heading', { name: '2 runs queued, 1 run refused' }).waitFor()
    await page.getByText('Run 5 of ENGINX is not known and no file of it lies in the archive.').waitFor()
  })

  it('runs the script as it ran then, or a text edited here, with chosen software', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    const id = reductionOf(stub.world, 'ENGINX', 299_080)
    await page.goto(`${base}instruments/ENGINX/rerun?runs=299080&from=${id}`)
    await page.getByLabel('As it ran then').first().check()
    await page.getByLabel('Another').check()
    await page.getByRole('button', { name: 'Re-run 1 run' }).click()
    await page.getByText('Name the software and its version').waitFor()
    await page.getByLabel('Software', { exact: true }).fill('Mantid')
    await page.getByLabel('Version', { exact: true }).fill('6.13')
    await page.getByRole('button', { name: 'Re-run 1 run' }).click()
    await page.getByRole('heading', { name: 'Run queued' }).waitFor()
    await page.getByRole('button', { name: 'Change and send again' }).click()
    await page.getByLabel('Edited here').check()
    const script = page.getByLabel('Text of reduce.py')
    await eventually(() => script.inputValue()).toContain('def main(input_file, output_dir):')
    await script.fill('def main(input_file, output_dir):\n    pass\n')
    await page.getByRole('button', { name: 'Re-run 1 run' }).click()
    await page.getByRole('heading', { name: 'Run queued' }).waitFor()
    expect(submissions(stub).map(({ body }) => [body.script, body.software])).toEqual([
      [
        { from: 'reduction', reductionId: id },
        { name: 'Mantid', version: '6.13' },
      ],
      [
        // With the modules that lay beside the script which was edited.
        { from: 'text', text: 'def main(input_file, output_dir):\n    pass\n', reductionId: id },
        { name: 'Mantid', version: '6.13' },
      ],
    ])
  })

  it('sends the same request with the same key when the first answer was lost', async () => {
    const { base, stub } = await service()
    const { page } = await open()
    await page.goto(`${base}instruments/ENGINX/rerun?runs=299080`)
    await page.getByLabel('vanadium_run', { exact: true }).waitFor()
    stub.troubles.problems.set('submissions', { status: 500, detail: 'The service made a mistake with this request.' })
    await page.getByLabel('Description').fill('once')
    const send = page.getByRole('button', { name: /^(Submit|Re-run) 1 run$/ })
    await send.click()
    await page.getByText('The service made a mistake with this request.').waitFor()
    stub.troubles.problems.clear()
    await send.click()
    await page.getByRole('heading', { name: 'Run queued' }).waitFor()
    const keys = submissions(stub).map(({ key }) => key)
    expect(keys).toHaveLength(2)
    expect(keys[0]).toBe(keys[1])
  })
})

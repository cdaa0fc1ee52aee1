import AxeBuilder from '@axe-core/playwright'
import { describe, expect, it } from 'vitest'
import { busyWorld } from '../../web/dev/sample-world.ts'
import { newWorld } from '../../web/dev/world.ts'
import { hasBrowser, portalFixture, whySkipped } from './support/fixture.ts'
import { settled } from './support/portal-page.ts'
import { samplePages } from './support/sample-pages.ts'

// 360 px is the narrowest phone.
const views = [
  { width: 1440, height: 900, colorScheme: 'light' },
  { width: 360, height: 740, colorScheme: 'dark' },
] as const

describe.skipIf(!hasBrowser)(`every page${whySkipped}`, { timeout: 120_000 }, () => {
  const { service, open } = portalFixture()

  it.each(views)(
    'is free of axe violations and of sideways scrolling at $width px, $colorScheme',
    { timeout: 480_000 },
    async (view) => {
      const { base, stub } = await service()
      const { page } = await open(view)
      for (const [name, path] of Object.entries(samplePages(stub.world))) {
        await page.goto(base + path)
        await settled(page)
        const { violations } = await new AxeBuilder({ page })
          .setLegacyMode()
          .options({ resultTypes: ['violations'] })
          .analyze()
        expect
          .soft(violations.map((violation) => `${name}: ${violation.id}: ${violation.nodes[0]?.html ?? ''}`))
          .toEqual([])
        const overhang = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        )
        expect.soft(overhang, `${name} is too wide`).toBe(0)
      }
    },
  )

  it('has no axe violations where there is nothing, and where nothing answers', async () => {
    const empty = await service(newWorld())
    const { page } = await open()
    for (const path of ['', 'runs', 'waiting', 'failures']) {
      await page.goto(empty.base + path)
      await settled(page)
      const { violations } = await new AxeBuilder({ page })
        .setLegacyMode()
        .options({ resultTypes: ['violations'] })
        .analyze()
      expect.soft(violations.map((violation) => `${path}: ${violation.id}`)).toEqual([])
    }
    const down = await service(busyWorld())
    down.stub.troubles.isDown = true
    for (const path of ['', 'instruments/ENGINX', 'reductions/1', 'waiting', 'failures', 'instruments/ENGINX/rerun']) {
      await page.goto(down.base + path)
      await page.getByRole('alert').first().waitFor()
      const { violations } = await new AxeBuilder({ page })
        .setLegacyMode()
        .options({ resultTypes: ['violations'] })
        .analyze()
      expect.soft(violations.map((violation) => `${path}: ${violation.id}`)).toEqual([])
    }
  })
})

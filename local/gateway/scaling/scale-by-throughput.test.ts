import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DeployedFunction } from '../functions/deployed-function.ts'
import { tryGateway, type TriedGateway } from '../try-function.ts'
import { usualRule } from './throughput.ts'

/** The rule of every day, ten times as fast. */
const throughput = { ...usualRule, windowMs: 1_000, forMs: 300, againMs: 1_000, restMs: 500, everyMs: 50 }

let tried: TriedGateway
beforeAll(async () => {
  tried = await tryGateway(['grows', 'stays', 'fixed', 'sleeps'], { timing: { throughput } })
})
afterAll(() => tried.end())

const replicasOf = async (name: string) => {
  const status = await (await tried.system('GET', `/system/function/${name}`)).json()
  return (status as Pick<ReturnType<DeployedFunction['status']>, 'replicas'>).replicas
}
const labels = (least: string, most: string, more: Record<string, string> = {}) => ({
  labels: { 'com.openfaas.scale.min': least, 'com.openfaas.scale.max': most, ...more },
})

it('a function that is called much gets more replicas up to its most, and its least again when that is over', async () => {
  await Promise.all([
    tried.deploy('grows', labels('1', '3')),
    tried.deploy('stays', labels('1', '3', { 'com.openfaas.scale.factor': '0' })),
    tried.deploy('fixed', labels('1', '1')),
  ])
  let isDone = false
  const load = async (name: string) => {
    while (!isDone) {
      await (await fetch(`${tried.url}/function/${name}`)).text()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const loads = ['grows', 'stays', 'fixed'].map(load)
  await expect.poll(() => replicasOf('grows')).toBe(3)
  expect(await Promise.all([replicasOf('stays'), replicasOf('fixed')])).toEqual([1, 1])
  isDone = true
  await Promise.all(loads)
  await expect.poll(() => replicasOf('grows')).toBe(1)
  const log = await (await tried.system('GET', '/system/logs?name=grows')).text()
  expect(log).toContain('scaled from 2 to 3: throughput is high')
  expect(log).toContain('to 1: throughput is low again')
})

it('calls that fail count for nothing', async () => {
  await tried.deploy('sleeps', labels('1', '3'))
  const until = performance.now() + 2_500
  while (performance.now() < until) {
    await (await fetch(`${tried.url}/function/sleeps/moved`, { redirect: 'manual' })).text()
  }
  expect(await replicasOf('sleeps')).toBe(1)
})

import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { submitRequestSchema, type Outcome } from '#contracts/submission.ts'
import type { Database } from '#database/connection.ts'
import { settleDetections } from '#database/queries/detections-settle.ts'

/**
 * Stands in for `submit` behind the gateway: keeps its contract (internal key, a transaction of its own that marks the detections,
 * one reduction a detected run) and counts what it was asked for.
 */
export const startSubmit = async (
  database: Database,
  internalKey: string,
  fileOf: (instrument: string, run: number) => string,
) => {
  const asked: string[] = []
  const reductions = new Map<string, number>()
  const state = { answerWith: 200, held: new Map<string, Promise<unknown>>() }
  const routes = new Hono().post('/function/submit', async (context) => {
    if (context.req.header('authorization') !== `Bearer ${internalKey}`) return context.text('who asks?', 401)
    const request = submitRequestSchema.parse(await context.req.json())
    if (request.origin !== 'detection') return context.text('not a detection', 400)
    await state.held.get(request.instrument)
    if (state.answerWith !== 200) return context.text('out of order', { status: 503 })
    const { instrument, runs } = request
    asked.push(...runs.map((run) => `${instrument} ${run}`))
    const outcomes = await database.transaction(async (sql): Promise<Outcome[]> => {
      await sql.rows(z.object({ name: z.string() }), 'SELECT name FROM instruments WHERE name = ? FOR UPDATE', [
        instrument,
      ])
      const outcomes = runs.map((runNumber): Outcome => {
        const key = `${instrument} ${runNumber}`
        if (reductions.has(key))
          return { outcome: 'already-there', runNumber, reductionId: 1, version: 0, reason: 'there' }
        return existsSync(fileOf(instrument, runNumber))
          ? { outcome: 'queued', runNumber, reductionId: 1, version: 0 }
          : { outcome: 'waiting', runNumber, reason: `There is no file for run ${runNumber} yet.` }
      })
      await settleDetections(
        sql,
        { name: instrument, waitHours: 24 },
        'detection',
        outcomes.map((one) =>
          one.outcome === 'waiting'
            ? { ...one, state: 'waiting', nextTryInSeconds: 3_600, file: undefined, hasFileChanged: false }
            : { runNumber: one.runNumber, state: 'submitted' },
        ),
      )
      return outcomes
    })
    for (const { outcome, runNumber } of outcomes) {
      const key = `${instrument} ${runNumber}`
      if (outcome === 'queued') reductions.set(key, (reductions.get(key) ?? 0) + 1)
    }
    return context.json({ outcomes })
  })
  const server = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: routes.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started as Server))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Every run that was handed over, as often as it was. */
    asked,
    /** How often each run was submitted. */
    reductions,
    state,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

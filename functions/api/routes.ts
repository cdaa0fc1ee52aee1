import type { ApiParts } from './api-parts.ts'
import { describeApi } from './describe-api.ts'
import { guardChanges } from './guard-changes.ts'
import { makeApp, type Api } from './make-app.ts'
import { addComparisonRoutes } from './routes/comparisons.ts'
import { addBatchRoutes } from './routes/batches.ts'
import { addCancellationRoutes } from './routes/cancellations.ts'
import { addConfigurationRoutes } from './routes/configurations.ts'
import { addDetectionRoutes } from './routes/detections.ts'
import { addEnvironmentRoutes } from './routes/environments.ts'
import { addEventRoutes } from './routes/events.ts'
import { addInstrumentRoutes } from './routes/instruments.ts'
import { addLogRoutes } from './routes/logs.ts'
import { addNoticeRoutes } from './routes/notices.ts'
import { addProvenanceRoutes } from './routes/provenance.ts'
import { addPauseRoutes } from './routes/pauses.ts'
import { addReductionClassRoute } from './routes/reduction-class.ts'
import { addReductionRoutes } from './routes/reductions.ts'
import { addReproductionRoutes } from './routes/reproductions.ts'
import { addResultFileRoutes } from './routes/result-files.ts'
import { addResultZipRoutes } from './routes/result-zip.ts'
import { addRunRoutes } from './routes/runs.ts'
import { addSubmissionRoutes } from './routes/submissions.ts'
import { unknownRoute } from './unknown-route.ts'

/** All routes of the API, below `/v1`; the proxy in front takes `/api` away. */
export const apiRoutes = (parts: ApiParts): Api => {
  const app = makeApp()
  app.use(async (context, next) => {
    await next()
    // What a list says is true for a moment only; files set their own rule.
    if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store')
    context.res.headers.set('x-content-type-options', 'nosniff')
  })
  app.use(guardChanges)

  addInstrumentRoutes(app, parts)
  addEnvironmentRoutes(app, parts)
  addConfigurationRoutes(app, parts)
  addRunRoutes(app, parts)
  addReductionRoutes(app, parts)
  addBatchRoutes(app, parts)
  addCancellationRoutes(app, parts)
  addPauseRoutes(app, parts)
  addReductionClassRoute(app, parts)
  addLogRoutes(app, parts)
  addResultFileRoutes(app, parts)
  addResultZipRoutes(app, parts)
  addProvenanceRoutes(app, parts)
  addComparisonRoutes(app, parts)
  addSubmissionRoutes(app, parts)
  addReproductionRoutes(app, parts)
  addDetectionRoutes(app, parts)
  addNoticeRoutes(app, parts)
  addEventRoutes(app, parts)
  app.get('/v1/openapi.json', (context) => context.json(describeApi(app), 200))

  const unknown = unknownRoute(app.routes)
  app.all('*', (context) => {
    // A slash at the end is what a shell's completion leaves behind.
    const url = new URL(context.req.url)
    if (url.pathname.length > 1 && url.pathname.endsWith('/')) {
      url.pathname = url.pathname.replace(/\/+$/, '')
      return app.fetch(new Request(url, context.req.raw))
    }
    return unknown(context)
  })
  return app
}

import type { z } from 'zod'
import type {
  batchesSchema,
  detectionsSchema,
  filesSchema,
  instrumentsSchema,
  instrumentVariablesSchema,
  overviewSchema,
  Reduction,
  RunConfiguration,
  runConfigurationsSchema,
  runsSchema,
  scriptSchema,
  softwareEnvironmentsSchema,
} from '#contracts/api.ts'
import type { noticesSchema } from '#contracts/notices.ts'
import type { Comparison } from '#contracts/comparison.ts'
import type {
  cancellationSchema,
  cancellationsRequestSchema,
  cancellationsSchema,
  pauseStandingSchema,
} from '#contracts/decisions.ts'
import type { reproduceRequestSchema, Reproduction } from '#contracts/reproduction.ts'
import type {
  ConfigurationReplacement,
  ConfigurationRequest,
  Submission,
  submissionAnswerSchema,
} from '#contracts/submission.ts'
import type { ReductionClass } from '#domain/reduction-classes.ts'
import type { DetectionState } from '#domain/detection-states.ts'
import type { Provenance } from '#results/provenance.ts'
import { readJson, request, type Watch } from './request.ts'

export type SoftwareEnvironments = z.infer<typeof softwareEnvironmentsSchema>
export type Instruments = z.infer<typeof instrumentsSchema>
export type Overview = z.infer<typeof overviewSchema>
export type Runs = z.infer<typeof runsSchema>
export type Files = z.infer<typeof filesSchema>
export type Script = z.infer<typeof scriptSchema>
export type InstrumentVariables = z.infer<typeof instrumentVariablesSchema>
export type RunConfigurations = z.infer<typeof runConfigurationsSchema>
export type Detections = z.infer<typeof detectionsSchema>
export type Notices = z.infer<typeof noticesSchema>
export type SubmissionAnswer = z.infer<typeof submissionAnswerSchema>
export type Batches = z.infer<typeof batchesSchema>
export type PauseStanding = z.infer<typeof pauseStandingSchema>
export type { Reproduction } from '#contracts/reproduction.ts'
export type Choice = Notices['items'][number]['choices'][number]

/** What `GET runs` filters by; all may be absent. */
export type RunFilters = {
  readonly instrument?: string
  readonly run?: string
  readonly rb?: string
  readonly state?: string
  /** A part of the title. */
  readonly title?: string
}

/**
 * A piece of a log. It starts at `offset`, later than asked where the middle of a very long log was not kept; reading goes on at
 * `next`. `sizeBytes` is what has been printed so far, `isComplete` says that no more will come.
 */
export type LogPiece = {
  /** Another one is another processor's log. */
  readonly attempt: number
  readonly bytes: Uint8Array
  readonly offset: number
  readonly next: number
  readonly sizeBytes: number
  readonly isComplete: boolean
}

const configurationsOf = (instrument: string): string => `instruments/${encodeURIComponent(instrument)}/configurations`

type Query = Readonly<Record<string, string | number | undefined>>

const jsonBody = (method: string, body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

const placeToPause = (instrument: string | undefined): string =>
  instrument === undefined ? '' : `instruments/${encodeURIComponent(instrument)}/`

const numberIn = (response: Response, header: string, otherwise: number): number => {
  const value = Number(response.headers.get(header) ?? Number.NaN)
  return Number.isSafeInteger(value) ? value : otherwise
}

/** The API as the portal uses it. Its answers carry the contracts' types; the API's own tests hold it to them. */
export const openApi = (base: URL, watch: Watch) => {
  const at = (path: string, query: Query = {}): URL => {
    const url = new URL(path, base)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined && value !== '') url.searchParams.set(name, String(value))
    return url
  }
  const get = async <Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer> =>
    (await readJson(await request(at(path, query), { signal: signal ?? null }, watch))) as Answer
  const send = async <Answer>(path: string, init: RequestInit): Promise<Answer> => {
    const response = await request(at(path), init, watch, 60_000)
    return (response.status === 204 ? undefined : await readJson(response)) as Answer
  }
  const fileUrl = (id: number, path: string): string =>
    at(`reductions/${id}/files/${path.split('/').map(encodeURIComponent).join('/')}`).href

  return {
    eventsUrl: at('events'),
    fileUrl,
    logStreamUrl: (id: number, from: number): string => at(`reductions/${id}/log/stream`, { from }).href,
    /** `places` in the list of files, as `1-3,7`; without them all. */
    zipUrl: (id: number, places?: string): string => at(`reductions/${id}/zip`, { files: places }).href,
    logUrl: (id: number): string => at(`reductions/${id}/log`).href,
    instruments: (signal?: AbortSignal) => get<Instruments>('instruments', {}, signal),
    environments: (signal?: AbortSignal) => get<SoftwareEnvironments>('environments', {}, signal),
    overview: (signal?: AbortSignal) => get<Overview>('overview', {}, signal),
    runs: (filters: RunFilters, page: { readonly limit: number; readonly cursor?: string }, signal?: AbortSignal) =>
      get<Runs>('runs', { ...filters, ...page }, signal),
    reduction: (id: number, signal?: AbortSignal) => get<Reduction>(`reductions/${id}`, {}, signal),
    files: (id: number, signal?: AbortSignal) => get<Files>(`reductions/${id}/files`, {}, signal),
    script: (id: number, signal?: AbortSignal) => get<Script>(`reductions/${id}/script`, {}, signal),
    provenance: (id: number, signal?: AbortSignal) => get<Provenance>(`reductions/${id}/provenance`, {}, signal),
    compare: (left: number, right: number, signal?: AbortSignal) =>
      get<Comparison>('comparisons', { left, right }, signal),
    batches: (
      filters: Pick<RunFilters, 'instrument' | 'rb'>,
      page: { readonly limit: number; readonly cursor?: string },
      signal?: AbortSignal,
    ) => get<Batches>('batches', { ...filters, ...page }, signal),
    /** What repeating it exactly would hold fixed. */
    reproduction: (id: number, signal?: AbortSignal) => get<Reproduction>(`reductions/${id}/reproduction`, {}, signal),
    figure: (id: number, path: string, signal?: AbortSignal): Promise<unknown> =>
      request(new URL(fileUrl(id, path)), { signal: signal ?? null }, watch, 60_000).then(readJson),
    /** `offset` counts bytes printed; a negative one counts from the end. */
    log: async (id: number, offset: number, signal?: AbortSignal): Promise<LogPiece> => {
      const response = await request(at(`reductions/${id}/log`, { offset }), { signal: signal ?? null }, watch)
      const bytes = new Uint8Array(await response.arrayBuffer())
      const start = numberIn(response, 'x-log-offset', Math.max(0, offset))
      const next = numberIn(response, 'x-log-next', start + bytes.length)
      return {
        attempt: numberIn(response, 'x-log-attempt', 0),
        bytes,
        offset: start,
        next,
        sizeBytes: numberIn(response, 'x-log-size', next),
        isComplete: response.headers.get('x-log-complete') === 'true',
      }
    },
    variables: (instrument: string, signal?: AbortSignal) =>
      get<InstrumentVariables>(`instruments/${encodeURIComponent(instrument)}/variables`, {}, signal),
    configurations: (instrument: string, signal?: AbortSignal) =>
      get<RunConfigurations>(configurationsOf(instrument), {}, signal),
    configure: (instrument: string, request: ConfigurationRequest) =>
      send<RunConfiguration>(configurationsOf(instrument), jsonBody('POST', request)),
    /** Refused where somebody else has changed it since `revision`. */
    reconfigure: (instrument: string, id: number, replacement: ConfigurationReplacement) =>
      send<RunConfiguration>(`${configurationsOf(instrument)}/${id}`, jsonBody('PUT', replacement)),
    deleteConfiguration: (instrument: string, id: number) =>
      send<unknown>(`${configurationsOf(instrument)}/${id}`, { method: 'DELETE' }),
    detections: (states: readonly DetectionState[], signal?: AbortSignal) =>
      get<Detections>('detections', { state: states.join(','), limit: 500 }, signal),
    notices: (signal?: AbortSignal) => get<Notices>('notices', { open: 'true' }, signal),
    /** `key` makes a repeat of the very same request harmless. */
    submit: (submission: Submission, key: string) =>
      send<SubmissionAnswer>('submissions', jsonBody('POST', submission, { 'idempotency-key': key })),
    reproduce: (id: number, body: z.infer<typeof reproduceRequestSchema>, key: string) =>
      send<SubmissionAnswer>(`reductions/${id}/reproduce`, jsonBody('POST', body, { 'idempotency-key': key })),
    cancel: (id: number) => send<z.infer<typeof cancellationSchema>>(`reductions/${id}/cancel`, { method: 'POST' }),
    cancelMany: (which: z.infer<typeof cancellationsRequestSchema>) =>
      send<z.infer<typeof cancellationsSchema>>('cancellations', jsonBody('POST', which)),
    setClass: (id: number, to: ReductionClass) =>
      send<unknown>(`reductions/${id}/class`, jsonBody('PUT', { class: to })),
    /** Of everything where no instrument is named. */
    pause: (instrument: string | undefined, reason: string) =>
      send<PauseStanding>(`${placeToPause(instrument)}pause`, jsonBody('POST', { reason })),
    resume: (instrument: string | undefined, held: 'run' | 'skip') =>
      send<PauseStanding>(`${placeToPause(instrument)}resume`, jsonBody('POST', { held })),
    dismiss: (detection: number) => send<unknown>(`detections/${detection}/dismiss`, { method: 'POST' }),
    retry: (detection: number) => send<unknown>(`detections/${detection}/retry`, { method: 'POST' }),
    resolve: (notice: number, choice: Choice) =>
      send<unknown>(`notices/${notice}/resolve`, jsonBody('POST', { choice })),
    setCursor: (instrument: string, lastRun: number) =>
      send<unknown>(`instruments/${encodeURIComponent(instrument)}/cursor`, jsonBody('PUT', { lastRun })),
  }
}
export type Api = ReturnType<typeof openApi>

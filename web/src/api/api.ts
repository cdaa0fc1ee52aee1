import type { z } from 'zod'
import type {
  detectionsSchema,
  filesSchema,
  instrumentsSchema,
  instrumentVariablesSchema,
  noticesSchema,
  overviewSchema,
  Reduction,
  RunConfiguration,
  runConfigurationsSchema,
  runsSchema,
  scriptSchema,
} from '#contracts/api.ts'
import type {
  ConfigurationReplacement,
  ConfigurationRequest,
  Submission,
  submissionAnswerSchema,
} from '#contracts/submission.ts'
import type { DetectionState } from '#domain/detection-states.ts'
import { readJson, request, type Watch } from './request.ts'

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
    logUrl: (id: number): string => at(`reductions/${id}/log`).href,
    instruments: (signal?: AbortSignal) => get<Instruments>('instruments', {}, signal),
    overview: (signal?: AbortSignal) => get<Overview>('overview', {}, signal),
    runs: (filters: RunFilters, page: { readonly limit: number; readonly cursor?: string }, signal?: AbortSignal) =>
      get<Runs>('runs', { ...filters, ...page }, signal),
    reduction: (id: number, signal?: AbortSignal) => get<Reduction>(`reductions/${id}`, {}, signal),
    files: (id: number, signal?: AbortSignal) => get<Files>(`reductions/${id}/files`, {}, signal),
    script: (id: number, signal?: AbortSignal) => get<Script>(`reductions/${id}/script`, {}, signal),
    figure: (id: number, path: string, signal?: AbortSignal): Promise<unknown> =>
      request(new URL(fileUrl(id, path)), { signal: signal ?? null }, watch, 60_000).then(readJson),
    /** `offset` counts bytes printed; a negative one counts from the end. */
    log: async (id: number, offset: number, signal?: AbortSignal): Promise<LogPiece> => {
      const response = await request(at(`reductions/${id}/log`, { offset }), { signal: signal ?? null }, watch)
      const bytes = new Uint8Array(await response.arrayBuffer())
      const start = numberIn(response, 'x-log-offset', Math.max(0, offset))
      const next = numberIn(response, 'x-log-next', start + bytes.length)
      return {
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
    dismiss: (detection: number) => send<unknown>(`detections/${detection}/dismiss`, { method: 'POST' }),
    retry: (detection: number) => send<unknown>(`detections/${detection}/retry`, { method: 'POST' }),
    resolve: (notice: number, choice: Choice) =>
      send<unknown>(`notices/${notice}/resolve`, jsonBody('POST', { choice })),
    setCursor: (instrument: string, lastRun: number) =>
      send<unknown>(`instruments/${encodeURIComponent(instrument)}/cursor`, jsonBody('PUT', { lastRun })),
  }
}
export type Api = ReturnType<typeof openApi>

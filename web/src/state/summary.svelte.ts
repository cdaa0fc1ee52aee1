import type { Api, Detections, Instruments, Notices, Overview } from '../api/api.ts'
import { Loaded } from './loaded.svelte.ts'

/** What is happening now, over all instruments. */
export class Summary {
  readonly instruments: Loaded<Instruments>
  readonly overview: Loaded<Overview>
  readonly notices: Loaded<Notices>
  readonly waiting: Loaded<Detections>
  readonly waitingCount: number = $derived.by(() =>
    (this.instruments.value?.items ?? []).reduce((sum, instrument) => sum + instrument.waiting, 0),
  )

  constructor(api: Api) {
    this.instruments = new Loaded((signal) => api.instruments(signal))
    this.overview = new Loaded((signal) => api.overview(signal))
    this.notices = new Loaded((signal) => api.notices(signal))
    this.waiting = new Loaded((signal) => api.detections(['waiting'], signal))
  }

  soon(): void {
    this.instruments.soon()
    this.overview.soon()
    this.notices.soon()
    this.waiting.soon()
  }
}

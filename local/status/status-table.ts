import type { LocalStatus } from '../gateway/local-status.ts'
import type { ServiceState } from '../services/stack-services.ts'

export type StatusRow = {
  readonly kind: 'service' | 'gateway' | 'function' | 'companion'
  readonly name: string
  readonly state: string
  readonly isUp: boolean
  readonly pid: number | undefined
  readonly port: number | undefined
  readonly startedAt: string | undefined
  readonly restarts: number | undefined
}

export function statusRows(services: readonly ServiceState[], status: LocalStatus): StatusRow[] {
  const row = { startedAt: undefined, restarts: undefined }
  return [
    ...services.map(({ name, pid, port, isUp }): StatusRow => ({
      ...row,
      kind: 'service',
      name,
      state: isUp ? 'ready' : 'down',
      isUp,
      pid: isUp ? pid : undefined,
      port,
    })),
    ...status.functions.flatMap(({ name, replicas, instances }): StatusRow[] => {
      if (instances.length > 0) {
        return instances.map((one) => ({
          ...one,
          kind: 'function',
          name: one.instance,
          isUp: one.state === 'ready' || one.state === 'draining',
          pid: one.pid,
          startedAt: one.startedAt,
        }))
      }
      const state = replicas === 0 ? 'scaled to zero' : 'down'
      return [{ ...row, kind: 'function', name, state, isUp: replicas === 0, pid: undefined, port: undefined }]
    }),
    ...status.companions.map((one): StatusRow => ({
      kind: 'companion',
      name: one.name,
      state: one.isReady ? 'ready' : 'not ready',
      isUp: one.isReady,
      pid: one.pid,
      port: one.port,
      startedAt: one.startedAt,
      restarts: one.restarts,
    })),
  ]
}

/** Columns as wide as what is in them. */
export function formatTable(rows: readonly StatusRow[], now: Date): string {
  const cells = [
    ['', 'name', 'state', 'pid', 'port', 'up for', 'restarts'],
    ...rows.map((row) => [
      row.kind,
      row.name,
      row.state,
      String(row.pid ?? ''),
      String(row.port ?? ''),
      row.startedAt === undefined ? '' : formatAge(now.getTime() - Date.parse(row.startedAt)),
      row.restarts ? String(row.restarts) : '',
    ]),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? []
  const line = (texts: readonly string[]) => texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')
  return cells.map((texts) => `  ${line(texts).trimEnd()}`).join('\n')
}

/** The two largest units: `3 d 4 h`, `12 s`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  const shown = parts.slice(first === -1 ? 3 : first).slice(0, 2)
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ')
}

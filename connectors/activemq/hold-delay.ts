const firstMs = 200
const ceilingMs = 2_000

/**
 * How long to hold a message before it is tried again: doubling, of which chance takes off up to a half, and never past the moment at
 * which the message expires.
 * @param holds how often it has been held before, 0 or more
 * @param random from 0 up to 1
 * @returns milliseconds, 0 where it has expired
 */
export const holdDelayMs = (holds: number, random: number, nowMs: number, expiresAtMs: number | null): number => {
  const delayMs = Math.min(firstMs * 2 ** Math.min(holds, 30), ceilingMs) * (1 - random / 2)
  return expiresAtMs === null ? delayMs : Math.max(0, Math.min(delayMs, expiresAtMs - nowMs))
}

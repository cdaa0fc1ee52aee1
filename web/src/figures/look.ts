import type { Look } from './panel-axes.ts'

/** The page's present colours and type for what is drawn on a canvas. */
export const readLook = (): Look => {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string): string => style.getPropertyValue(name).trim()
  return {
    text: token('--text'),
    muted: token('--muted'),
    grid: token('--plot-grid'),
    ground: token('--sheet'),
    lines: [1, 2, 3, 4, 5, 6, 7].map((place) => token(`--plot-${place}`)),
    font: token('--font-text'),
  }
}

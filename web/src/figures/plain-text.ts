const raised: Readonly<Record<string, string>> = {
  '0': '⁰',
  '1': '¹',
  '2': '²',
  '3': '³',
  '4': '⁴',
  '5': '⁵',
  '6': '⁶',
  '7': '⁷',
  '8': '⁸',
  '9': '⁹',
  '-': '⁻',
  '−': '⁻',
  '+': '⁺',
}
const lowered: Readonly<Record<string, string>> = {
  '0': '₀',
  '1': '₁',
  '2': '₂',
  '3': '₃',
  '4': '₄',
  '5': '₅',
  '6': '₆',
  '7': '₇',
  '8': '₈',
  '9': '₉',
  '-': '₋',
  '+': '₊',
}
const latex: Readonly<Record<string, string>> = {
  AA: 'Å',
  angstrom: 'Å',
  mu: 'µ',
  theta: 'θ',
  lambda: 'λ',
  phi: 'φ',
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  Delta: 'Δ',
  delta: 'δ',
  sigma: 'σ',
  pi: 'π',
  omega: 'ω',
  hbar: 'ħ',
  circ: '°',
  pm: '±',
  times: '×',
  cdot: '·',
  degree: '°',
  chi: 'χ',
  tau: 'τ',
}

const shift = (table: Readonly<Record<string, string>>, text: string, mark: string): string => {
  const letters = [...text.trim()]
  return letters.every((letter) => table[letter] !== undefined)
    ? letters.map((letter) => table[letter]).join('')
    : `${mark}${text.trim()}`
}

const withoutLatex = (text: string): string =>
  text
    .replace(/\\(?:mathrm|mathit|text|rm|textrm|mathsf)\s*\{([^{}]*)\}/g, '$1')
    .replace(/\\([A-Za-z]+)\s?/g, (_, name: string) => latex[name] ?? '')
    .replace(/\^\{([^{}]*)\}|\^(\S)/g, (_, group?: string, single?: string) =>
      shift(raised, group ?? single ?? '', '^'),
    )
    .replace(/_\{([^{}]*)\}|_(\S)/g, (_, group?: string, single?: string) => shift(lowered, group ?? single ?? '', '_'))
    .replace(/[{}]/g, '')
    .replace(/\\[ ,;!]?/g, ' ')

/** A title of a Plotly figure (a little HTML, sometimes LaTeX between dollars) as plain text. */
export const plainText = (text: string): string =>
  text
    .replace(/\$([^$]+)\$/g, (_, inner: string) => withoutLatex(inner))
    .replace(/<sup>(.*?)<\/sup>/gi, (_, inner: string) => shift(raised, inner, '^'))
    .replace(/<sub>(.*?)<\/sub>/gi, (_, inner: string) => shift(lowered, inner, '_'))
    .replace(/<br\s*\/?>/gi, ' ')
    .replace(/<\/?[a-z][^>]*>/gi, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim()

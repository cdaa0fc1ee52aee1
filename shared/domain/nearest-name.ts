const distance = (left: string, right: string): number => {
  let previous = Array.from({ length: right.length + 1 }, (_, place) => place)
  for (const [row, letter] of [...left].entries()) {
    const current = [row + 1]
    for (const [column, other] of [...right].entries()) {
      current.push(
        Math.min(
          (current[column] ?? 0) + 1,
          (previous[column + 1] ?? 0) + 1,
          (previous[column] ?? 0) + (letter === other ? 0 : 1),
        ),
      )
    }
    previous = current
  }
  return previous[right.length] ?? 0
}

/** The name somebody probably meant: within two typing mistakes, or undefined. Names are compared without regard to case. */
export const nearestName = (typed: string, names: readonly string[]): string | undefined => {
  const scored = names.map((name) => ({ name, mistakes: distance(typed.toUpperCase(), name.toUpperCase()) }))
  const best = scored.toSorted((left, right) => left.mistakes - right.mistakes)[0]
  return best && best.mistakes <= 2 ? best.name : undefined
}

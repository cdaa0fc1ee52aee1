import type { ScriptFiles } from '#contracts/script.ts'
import { nearestName } from '#domain/nearest-name.ts'
import type { CheckedVariable, Problem } from './check-report.ts'

const use = /\b(standard|advanced)_vars\s*\[\s*(?:'([^'\\\n]+)'|"([^"\\\n]+)")\s*\]/g

/** Places of a script that ask for a variable which reduce_vars.py does not declare; what asks in a roundabout way is not seen. */
export const unknownUses = (
  { name, base64 }: ScriptFiles[number],
  declared: readonly CheckedVariable[],
): readonly Problem[] => {
  if (name === 'reduce_vars.py' || !name.endsWith('.py')) return []
  const lines = Buffer.from(base64, 'base64').toString('utf8').split(/\r?\n/)
  const told = new Set<string>()
  return lines.flatMap((text, place) =>
    [...text.replace(/^\s*#.*$/, '').matchAll(use)].flatMap(([, group, single, double]): Problem[] => {
      const variable = single ?? double ?? ''
      const key = `${group} ${variable}`
      const names = declared.filter((one) => one.group === group).map((one) => one.name)
      // One that is assigned there is made by the script itself.
      if (told.has(key) || names.includes(variable) || /\]\s*=[^=]/.test(text)) return []
      told.add(key)
      const nearest = nearestName(variable, names)
      const message = `${name} asks for ${group}_vars['${variable}'], which reduce_vars.py does not declare.${nearest === undefined ? '' : ` Is ${nearest} meant?`}`
      return [{ severity: 'warning', kind: 'unknown-variable', file: name, line: place + 1, variable, message }]
    }),
  )
}

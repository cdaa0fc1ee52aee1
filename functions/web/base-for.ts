/**
 * The portal's base as seen from one of its pages: `instruments/ENGINX` lies one folder down, so its base is `../`. Relative,
 * since the function does not know the prefix under which a proxy or the gateway shows it.
 */
export const baseFor = (path: string): string => {
  const depth = Math.max(0, path.split('/').length - 2)
  return depth === 0 ? './' : '../'.repeat(depth)
}

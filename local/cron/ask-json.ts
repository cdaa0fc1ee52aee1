/** The JSON that a gateway answers; thrown for anything but success within five seconds. */
export async function askJson(
  url: string,
  { authorization, signal }: { authorization: string; signal: AbortSignal },
): Promise<unknown> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(5_000)])
  const answer = await fetch(url, { headers: { authorization }, signal: within })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return await answer.json()
}

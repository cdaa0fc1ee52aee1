/** An error as `application/problem+json` (RFC 9457). `detail` is for the person who reads it: what happened and what they can do. */
export const problem = (status: number, title: string, detail: string): Response =>
  new Response(JSON.stringify({ type: 'about:blank', title, status, detail }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  })

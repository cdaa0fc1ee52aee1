import { createConnection } from 'mysql2/promise'

/** Does a database at this address let us in? One that refuses says so at once; only one that says nothing is waited for. */
export async function answersSql(url: string): Promise<boolean> {
  try {
    const connection = await createConnection({ uri: url, connectTimeout: 10_000 })
    try {
      await connection.query('SELECT 1')
      return true
    } finally {
      connection.destroy()
    }
  } catch {
    return false
  }
}

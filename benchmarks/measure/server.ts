// Owns: what a run needs of a PostgreSQL server beside its tables: who it is, and that nothing is left on it.
import { openDatabase, type Queryable } from '@ensemble/postgres'
import { parentOf } from './processor.ts'

/** Of a server on this machine; of another one it means nothing, and nothing is found. */
export async function postmasterOf(admin: Queryable): Promise<number | null> {
  const { rows } = await admin.query('SELECT pg_backend_pid() AS pid', [])
  return parentOf(Number(rows[0]?.['pid']))
}

export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const server = await openDatabase({ name: 'server', url: adminUrl })
  try {
    await server.query(`DROP DATABASE ${name} WITH (FORCE)`, [])
  } finally {
    await server.close()
  }
}

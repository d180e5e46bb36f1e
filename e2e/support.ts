// Owns: the whole system on the test server for one test file, and calls to its gateway.
import { SERVICE_NAMES, startAllInOne, type AllInOne, type AllInOneOptions } from '@ensemble/all-in-one'
import { openDatabase } from '@ensemble/postgres'
import { freshDatabase, testServer } from '@ensemble/postgres/testing'

export interface TestSystem extends AllInOne {
  /** Of the database that holds the tables of a service, or of `bus`, as somebody who may read all of them. */
  readonly urlOf: (place: string) => string
  /** Stops it and removes its databases. */
  end(): Promise<void>
}

export type TestOptions = Omit<AllInOneOptions, 'environment'> & {
  readonly name: string
  readonly environment?: Partial<AllInOneOptions['environment']>
}

const BUS = 'bus'

export async function startTestSystem({ name, environment, ...options }: TestOptions): Promise<TestSystem> {
  const { name: database, url, drop } = await freshDatabase(name)
  const removeAll = async (): Promise<void> => {
    await drop()
    if (environment?.separateDatabases === true)
      await dropDatabases([...SERVICE_NAMES, BUS].map((one) => `${database}_${one}`))
  }
  try {
    const system = await startAllInOne({
      ...options,
      environment: {
        host: '127.0.0.1',
        port: 0,
        data: '',
        pattern: 'orchestration',
        paymentDueIn: '1d',
        paymentReconcileEvery: '2m',
        payLaterLimit: 5_000_000,
        lagCountMax: 10_000,
        databaseUrl: url,
        databaseReadUrl: undefined,
        separateDatabases: false,
        isOpen: false,
        ...environment,
      },
    })
    return {
      ...system,
      urlOf: (place) => {
        const at = new URL(url)
        if (environment?.separateDatabases === true) at.pathname = `/${database}_${place}`
        return at.href
      },
      end: async () => {
        await system.stop()
        await removeAll()
      },
    }
  } catch (error) {
    await removeAll()
    throw error
  }
}

async function dropDatabases(names: readonly string[]): Promise<void> {
  const admin = await openDatabase({ name: 'admin', url: (await testServer()).adminUrl })
  try {
    for (const name of names) await admin.query(`drop database if exists "${name}" with (force)`)
  } finally {
    await admin.close()
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A call that is answered with a JSON object, of whatever status. */
export async function call(url: string, { method = 'GET', body, headers }: Call = {}): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const parsed: unknown = text === '' ? {} : JSON.parse(text)
  const fields =
    typeof parsed === 'object' && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : {}
  return { status: answer.status, headers: answer.headers, body: fields }
}

// Owns: the database server of one run, and databases to run on: copies of a template, so that each begins alike.
// I1: whatever happens, the server is stopped and its folder removed; it listens on loopback only.
// I2: the server itself is never killed, so it need not be durable.
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  BUS_MIGRATIONS,
  ENGINE_MIGRATIONS,
  migrate,
  openDatabase,
  startEmbedded,
  type Database,
  type EmbeddedServer,
} from '@ensemble/postgres'
import type { Pattern } from '@ensemble/core'
import { SERVICES, type Layout, type Places } from '../system/layout.ts'

export interface Ground {
  /** A folder for compiled code. */
  readonly cache: string
  /** Empty databases for one system. */
  places(what: { readonly pattern: Pattern; readonly layout: Layout }): Promise<Places>
  drop(places: Places): Promise<void>
  end(): Promise<void>
}

const TEMPLATE = 'template_services'
const TEMPLATE_BUS = 'template_bus'
const WITH_TABLES = ['stock', 'till', 'history', 'world'] as const

export async function groundIn(): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'ensemble-crashpoints-'))
  // Started by root the server runs as somebody else, who must pass through.
  await chmod(directory, 0o711)
  let server: EmbeddedServer | undefined
  let admin: Database | undefined
  const end = async (): Promise<void> => {
    await admin?.close()
    await server?.stop()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    server = await startEmbedded({ directory, durable: false })
    admin = await openDatabase({ name: 'crash points', url: server.adminUrl, sizeMax: 2 })
    await makeTemplates(server, admin)
    return groundOn({ server, admin, cache: join(directory, 'cache') }, end)
  } catch (error) {
    await end()
    throw error
  }
}

interface Parts {
  readonly server: EmbeddedServer
  readonly admin: Database
  readonly cache: string
}

function groundOn({ server, admin, cache }: Parts, end: () => Promise<void>): Ground {
  let count = 0
  const copied = async (template: string): Promise<string> => {
    count += 1
    const name = `run_${count}`
    await admin.query(`create database ${name} template ${template}`)
    return server.url(name)
  }
  return {
    cache,
    places: async ({ pattern, layout }) => {
      const url = await copied(TEMPLATE)
      return { pattern, layout, url, busUrl: layout === 'one' ? url : await copied(TEMPLATE_BUS) }
    },
    drop: async ({ url, busUrl }) => {
      const names = new Set([url, busUrl].map((one) => new URL(one).pathname.slice(1)))
      for (const name of names) await admin.query(`drop database if exists ${name} with (force)`)
    },
    end,
  }
}

async function makeTemplates(server: EmbeddedServer, admin: Database): Promise<void> {
  await admin.query(`create database ${TEMPLATE}`)
  await admin.query(`create database ${TEMPLATE_BUS}`)
  const up = async (name: string, schema: string, migrations: URL): Promise<void> => {
    const directory = fileURLToPath(migrations)
    await migrate(server.url(name), { schema, directory, direction: 'up' })
  }
  for (const service of SERVICES) await up(TEMPLATE, service, ENGINE_MIGRATIONS)
  await up(TEMPLATE, 'bus', BUS_MIGRATIONS)
  await up(TEMPLATE_BUS, 'bus', BUS_MIGRATIONS)
  const services = await openDatabase({ name: 'tables', url: server.url(TEMPLATE), sizeMax: 1 })
  await services.query('create schema world')
  for (const schema of WITH_TABLES) {
    const file = new URL(`../system/sql/tables-${schema}.sql`, import.meta.url)
    await services.query(readFileSync(file, 'utf8').replaceAll('CREATE TABLE ', `CREATE TABLE ${schema}.`))
  }
  await services.close()
}

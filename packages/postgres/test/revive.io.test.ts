import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDatabase } from '../src/database/database.ts'
import { startEmbedded } from '../src/embedded/server.ts'
import { until } from './support.ts'

it('a server that was killed is started again on its port with its data, one that runs is left alone', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'ensemble-revive-'))
  const server = await startEmbedded({ directory: `${parent}.server` })
  try {
    const before = await openDatabase({ name: 'before', url: server.adminUrl })
    await before.query('CREATE TABLE kept (id int8)')
    await before.query('INSERT INTO kept (id) VALUES (1)')
    expect(await server.revive()).toBe(false)
    const { pid, port } = server

    process.kill(pid, 'SIGKILL')
    await until(async () => await server.revive())
    await before.close()

    const after = await openDatabase({ name: 'after', url: server.adminUrl })
    const { rows } = await after.query('SELECT id FROM kept')
    expect({ rows, port: server.port, isNew: server.pid !== pid }).toEqual({
      rows: [{ id: '1' }],
      port,
      isNew: true,
    })
    await after.close()
  } finally {
    await server.stop()
    await rm(`${parent}.server`, { recursive: true, force: true })
    await rm(parent, { recursive: true, force: true })
  }
})

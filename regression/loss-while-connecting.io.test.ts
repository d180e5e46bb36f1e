// Found by the crash test: the database server was killed while a connection was being made, the answer that the
// session is ready and the word that the server ends it came in one packet, and the unheard event ended the process.
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { openDatabase, PROFILES } from '@ensemble/postgres'
import { expect, test } from 'vitest'

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), length, body])
}

const AUTHENTICATED = message('R', Buffer.alloc(4))
const READY = message('Z', Buffer.from('I'))
const SERVER_ENDS = message(
  'E',
  Buffer.from('SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0'),
)

test('a server that ends a session in the packet that makes it ready: the statement fails, nothing else', async () => {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(Buffer.concat([AUTHENTICATED, READY, SERVER_ENDS])))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const url = `postgres://nobody@127.0.0.1:${port}/nothing`
  const database = await openDatabase({ name: 'lost', url, profile: PROFILES.postgres })
  try {
    await expect(database.query('select 1')).rejects.toMatchObject({
      name: 'DatabaseError',
      code: 'CONNECTION',
      sqlState: '57P01',
    })
  } finally {
    await database.close()
    server.close()
  }
})

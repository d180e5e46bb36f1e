// Owns: a way to a server that tests can shut and open again, as if the server were away and came back.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server on loopback that can be shut: whoever uses it is cut off, and nobody gets in. */
export interface Gate {
  readonly port: number
  shut(): Promise<void>
  open(): Promise<void>
}

export async function gateTo(port: number): Promise<Gate> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const own = address !== null && typeof address === 'object' ? address.port : 0
  return {
    port: own,
    shut: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      if (server.listening) await once(server, 'close')
    },
    open: async () => {
      server.listen(own, '127.0.0.1')
      await once(server, 'listening')
    },
  }
}

// Owns: a mail server on this machine: a real one that takes, refuses or keeps silent, as it is told to. What it cannot
// be told to say, nonsense after a message, a few lines on a socket say instead.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'

export type SmtpMode = 'takes' | 'refuses' | 'is busy' | 'is silent' | 'talks nonsense'

export interface Mail {
  readonly to: readonly string[]
  readonly text: string
}

export interface SmtpStub {
  readonly url: string
  readonly mails: readonly Mail[]
  mode(mode: SmtpMode): void
  close(): Promise<void>
}

const REFUSALS = { refuses: 550, 'is busy': 451 } as const

export async function smtpStub(): Promise<SmtpStub> {
  const mails: Mail[] = []
  let mode: SmtpMode = 'takes'
  const real = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onAuth: (auth, _session, done) => done(null, { user: auth.username ?? '' }),
    onData: (stream, session, done) => {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(parts).toString('utf8'),
        })
        if (mode === 'is silent') return
        if (mode !== 'refuses' && mode !== 'is busy') return done()
        done(Object.assign(new Error('no'), { responseCode: REFUSALS[mode] }))
      })
    },
  })
  real.on('error', () => undefined)
  real.listen(0, '127.0.0.1')
  await once(real.server, 'listening')
  // In front: passes everything on, but for nonsense.
  const sockets = new Set<Socket>()
  const front = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    if (mode === 'talks nonsense') return nonsense(socket, (text) => mails.push({ to: [], text }))
    const { port } = addressOf(real.server)
    pass(socket, port, sockets)
  })
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  return {
    url: `smtp://mailer:smtp-password-canary@127.0.0.1:${addressOf(front).port}`,
    mails,
    mode: (next) => {
      mode = next
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      front.close()
      await once(front, 'close')
      await new Promise<void>((resolve) => real.close(resolve))
    },
  }
}

function pass(socket: Socket, port: number, sockets: Set<Socket>): void {
  const behind = connect(port, '127.0.0.1')
  sockets.add(behind)
  behind.on('error', () => socket.destroy())
  socket.on('close', () => behind.destroy())
  socket.pipe(behind).pipe(socket)
}

const ANSWERS: Readonly<Record<string, string>> = {
  DATA: '354 go on',
  AUTH: '235 ok',
  EHLO: '250-stub\r\n250 AUTH PLAIN',
}

/** A conversation up to the end of the message, and then something that is no answer. */
function nonsense(socket: Socket, took: (text: string) => void): void {
  let heard = ''
  let isData = false
  socket.write('220 stub\r\n')
  socket.on('data', (part: Buffer) => {
    heard += part.toString('utf8')
    if (isData) {
      if (!heard.endsWith('\r\n.\r\n')) return
      took(heard)
      socket.write('?? no number at all\r\n')
      return
    }
    const [line = ''] = heard.split('\r\n')
    heard = ''
    isData = line === 'DATA'
    socket.write(`${ANSWERS[line.slice(0, 4)] ?? '250 ok'}\r\n`)
  })
}

function addressOf(server: Server): { readonly port: number } {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the stub does not listen')
  return address
}

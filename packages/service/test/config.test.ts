// The environment of a process: defaults, and everything wrong at once.
import { describe, expect, test } from 'vitest'
import { EDGE_DEFAULT } from '../src/edge-config.ts'
import { EnvironmentError, isLoopback, readEnvironment, type Given } from '../src/config.ts'

const SERVICES = ['user', 'order']

function problemsOf(given: Omit<Given, 'services'>): readonly string[] {
  try {
    readEnvironment({ ...given, services: SERVICES })
    return []
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems
    throw error
  }
}

describe('the environment', () => {
  test('of nothing is one process on this machine, orchestrated, on the embedded server', () => {
    expect(readEnvironment({ env: { PORT: '' }, services: SERVICES })).toEqual({
      host: '127.0.0.1',
      port: 8080,
      data: '.ensemble',
      pattern: 'orchestration',
      paymentDueIn: '1d',
      paymentReconcileEvery: '2m',
      payLaterLimit: 5_000_000,
      databaseUrl: undefined,
      databaseReadUrl: undefined,
      separateDatabases: false,
      databaseUrls: {},
      databaseReadUrls: {},
      peerUrls: {},
      lagCountMax: 10_000,
      kafka: undefined,
      edge: EDGE_DEFAULT,
      history: { place: { storage: 'postgres' }, retentionMs: null, redact: [] },
      notification: {
        providers: {},
        isDryRun: false,
        language: 'en',
        smsOrder: [],
        emailOrder: [],
        smsRoutes: {},
        attemptsMax: 6,
        timeoutMs: 10_000,
        inDoubt: 'stop',
        publicUrl: undefined,
        reportSecret: undefined,
      },
      tracing: undefined,
      isOpen: false,
      auth: undefined,
    })
  })

  test('of one service names its databases and its peers', () => {
    const env = {
      HOST: '0.0.0.0',
      PORT: '0',
      AUTH: 'open',
      SAGA_PATTERN: 'choreography',
      PAYMENT_DUE_IN: '3s',
      PAYMENT_RECONCILE_EVERY: '30s',
      DATABASE_URL: 'postgres://admin:secret@db:5432/postgres',
      DATABASE_READ_URL: 'postgres://admin:secret@replica:5432/postgres',
      ORDER_DATABASE_URL: 'postgres://order:secret@db:5432/order',
      ORDER_DATABASE_READ_URL: 'postgres://order:secret@replica:5432/order',
      BUS_DATABASE_URL: 'postgresql://bus@db/bus',
      USER_URL: 'http://user-1:8080, http://user-2:8080',
      READY_LAG_MAX: '5',
    }
    expect(readEnvironment({ env, args: ['--separate-databases'], services: SERVICES })).toMatchObject({
      host: '0.0.0.0',
      port: 0,
      pattern: 'choreography',
      paymentDueIn: '3s',
      paymentReconcileEvery: '30s',
      separateDatabases: true,
      databaseUrl: env.DATABASE_URL,
      databaseReadUrl: env.DATABASE_READ_URL,
      databaseUrls: { order: env.ORDER_DATABASE_URL, bus: env.BUS_DATABASE_URL },
      databaseReadUrls: { order: env.ORDER_DATABASE_READ_URL },
      peerUrls: { user: ['http://user-1:8080', 'http://user-2:8080'] },
      lagCountMax: 5,
      isOpen: true,
    })
  })

  test('names everything that is wrong at once, with what to set, and no password', () => {
    const env = {
      PORT: '70000',
      SAGA_PATTERN: 'both',
      PAYMENT_DUE_IN: '3',
      PAY_LATER_LIMIT: '1.5',
      DATABASE_URL: 'mysql://root:secret@db/x',
      SEPARATE_DATABASES: 'maybe',
      USER_URL: 'http://user:8080,user:8080',
      READY_LAG_MAX: '0',
      AUTH: 'none',
      AUTH_ISSUER: 'https://shop.example/auth',
      AUTH_ADMIN_SECRET: 'secret',
    }
    expect(problemsOf({ env, args: ['--seperate'] })).toEqual([
      '--seperate: is not an option here; there is only --separate-databases',
      "PORT: '70000' is not usable; set a port from 0 (any free one) to 65535",
      "SAGA_PATTERN: 'both' is not usable; set orchestration or choreography",
      "PAYMENT_DUE_IN: '3' is not usable; set a span with a unit, such as 3s, 10m or 1d, of 25d at most",
      "PAY_LATER_LIMIT: '1.5' is not usable; set a whole number of currency units",
      "DATABASE_URL: 'mysql://***@db/x' is not usable; set a URL such as postgres://user:password@host:5432/name",
      "SEPARATE_DATABASES: 'maybe' is not usable; set 1 or 0, or give --separate-databases",
      "USER_URL: 'http://user:8080,user:8080' is not usable; " +
        'set a URL such as http://127.0.0.1:8081, or several with commas between them',
      "READY_LAG_MAX: '0' is not usable; set a whole number of messages from 1 on",
      "AUTH: 'none' is not usable; set open, or leave it out",
      "AUTH_ISSUER: 'https://shop.example/auth' is not usable; " +
        'set the URL that callers use, without a path, such as https://shop.example',
      "AUTH_ADMIN_SECRET: '***' is not usable; set 32 to 200 random characters",
    ])
  })

  test('names a read endpoint without what is written to', () => {
    const url = 'postgres://order:secret@replica:5432/order'
    const env = { DATABASE_READ_URL: url, ORDER_DATABASE_READ_URL: url }
    expect(problemsOf({ env })).toEqual([
      'DATABASE_READ_URL: is the read endpoint of nothing; set DATABASE_URL too',
      'ORDER_DATABASE_READ_URL: is the read endpoint of nothing; set ORDER_DATABASE_URL too',
    ])
    const written = { ...env, DATABASE_URL: url, ORDER_DATABASE_URL: url }
    expect(problemsOf({ env: written })).toEqual([])
  })

  test('that other machines can reach is refused until somebody says who may call', () => {
    expect(problemsOf({ env: { HOST: '0.0.0.0' } })).toEqual([
      'HOST: 0.0.0.0 can be reached from other machines, and nobody would be asked who they are; ' +
        'set AUTH_ISSUER to the URL that callers use, so that they need tokens, ' +
        'or HOST=127.0.0.1, or AUTH=open when everybody who reaches it may call',
    ])
    expect(problemsOf({ env: { HOST: '0.0.0.0', AUTH: 'open' } })).toEqual([])
    const env = { HOST: '0.0.0.0', AUTH_ISSUER: 'https://shop.example' }
    expect(readEnvironment({ env, services: SERVICES }).auth).toEqual({
      issuer: 'https://shop.example',
      adminSecret: undefined,
    })
    expect(problemsOf({ env: { ...env, AUTH: 'open' } })).toEqual([
      'AUTH: open says that nobody is asked, AUTH_ISSUER that everybody is; leave one of them out',
    ])
  })

  test.each(['shop.example', 'ftp://shop.example', 'https://shop.example/auth', 'https://shop.example?a=b'])(
    'an issuer is a URL without a path: not %s',
    (issuer) => {
      const [problem] = problemsOf({ env: { AUTH_ISSUER: issuer } })
      expect(problem).toBe(
        `AUTH_ISSUER: '${issuer}' is not usable; set the URL that callers use, without a path, ` +
          'such as https://shop.example',
      )
    },
  )

  test.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['localhost', true],
    ['::1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.0.0.1.example.test', false],
    ['192.168.0.7', false],
  ])('%s is loopback: %s', (host, is) => {
    expect(isLoopback(host)).toBe(is)
  })
})

// Owns: that the README names scripts, files and settings that exist. Its calls are run by e2e/readme.e2e.test.ts.
import { existsSync, readFileSync } from 'node:fs'
import { SERVICE_NAMES } from '@ensemble/all-in-one'
import { readConsulSettings, readEnvironment } from '@ensemble/service'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { ROOT } from './docs/blocks.ts'
import { blocksOf, linkedPaths, readReadme, scriptsNamed, tableUnder } from './readme.ts'

const README = readReadme()

test('every script that it names is there', () => {
  const text = readFileSync(new URL('package.json', ROOT), 'utf8')
  const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(text))
  const named = [...scriptsNamed(README), 'start', 'test']
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  expect(named).toEqual(expect.arrayContaining(['demo', 'service', 'migrate', 'diagram', 'bench', 'ci']))
})

test('every file that it links or runs is there', () => {
  const run = [...README.matchAll(/node ([\w/.-]+\.ts)/g)].map(([, path = '']) => path)
  const named = [...linkedPaths(README), ...run]
  expect(named).not.toEqual([])
  expect(named.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([])
})

test('its defaults are the defaults', () => {
  const rows = tableUnder(README, 'Configuration').map(([name = '', value = '']) => [
    name.replaceAll('`', ''),
    value === 'none' ? undefined : value.replaceAll('`', ''),
  ])
  const environment = readEnvironment({ env: {}, services: SERVICE_NAMES })
  expect(Object.fromEntries(rows)).toEqual({
    HOST: environment.host,
    PORT: String(environment.port),
    AUTH: environment.isOpen ? 'open' : undefined,
    ENSEMBLE_DATA: environment.data,
    DATABASE_URL: environment.databaseUrl,
    DATABASE_READ_URL: environment.databaseReadUrl,
    SEPARATE_DATABASES: environment.separateDatabases ? '1' : '0',
    '<SERVICE>_DATABASE_URL': environment.databaseUrls['order'],
    '<SERVICE>_DATABASE_READ_URL': environment.databaseReadUrls['order'],
    BUS: environment.kafka === undefined ? 'postgres' : 'kafka',
    KAFKA_BROKERS: environment.kafka?.brokers.join(','),
    '<SERVICE>_URL': environment.peerUrls['order'],
    RATE_LIMIT_ADDRESS: environment.edge.rateLimits.addressMax ?? undefined,
    RATE_LIMIT_CALLER: environment.edge.rateLimits.callerMax ?? undefined,
    CORS_ORIGINS: environment.edge.corsOrigins.length === 0 ? undefined : environment.edge.corsOrigins.join(),
    CONSUL_URL: readConsulSettings({})?.agent.url,
    READY_LAG_MAX: String(environment.lagCountMax),
    HISTORY_STORAGE: environment.history.place.storage,
    HISTORY_RETENTION: environment.history.retentionMs ?? undefined,
    HISTORY_REDACT: environment.history.redact.length === 0 ? undefined : environment.history.redact.join(),
    SAGA_PATTERN: environment.pattern,
    PAYMENT_DUE_IN: environment.paymentDueIn,
    PAYMENT_RECONCILE_EVERY: environment.paymentReconcileEvery,
    PAY_LATER_LIMIT: String(environment.payLaterLimit),
    NOTIFICATION_DRY_RUN: environment.notification.isDryRun ? '1' : '0',
  })
})

test('the chapter about notifications names every setting that is read', () => {
  const read = new Set<string>()
  const get = (_target: object, name: string | symbol): undefined => void read.add(String(name))
  readEnvironment({ env: new Proxy({}, { get }), services: [] })
  const ofProviders = /^(?:NOTIFICATION|SMS|EMAIL|INFOBIP|WAVECELL|TWILIO|GOSMS|SENDGRID|SMTP|FIREBASE)_/
  const chapter = readFileSync(new URL('docs/guide/12-notifications.md', ROOT), 'utf8')
  const named = [...read].filter((name) => ofProviders.test(name))
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((name) => !chapter.includes(`\`${name}\``))).toEqual([])
})

test('the chapter about the gateway names every setting that is read', () => {
  const read = new Set<string>()
  const get = (_target: object, name: string | symbol): undefined => void read.add(String(name))
  readEnvironment({ env: new Proxy({}, { get }), services: [] })
  const ofConsul = new Proxy<Record<string, string>>(
    { CONSUL_URL: 'http://127.0.0.1:8500' },
    {
      get: (target, name) => {
        read.add(String(name))
        return target[String(name)]
      },
    },
  )
  readConsulSettings(ofConsul)
  const ofEdge = /^(?:RATE_LIMIT_|CORS_|TRUSTED_|REQUEST_|PEER_|EVENT_|CONSUL_)/
  const chapter = readFileSync(new URL('docs/guide/14-gateway.md', ROOT), 'utf8')
  const named = [...read].filter((name) => ofEdge.test(name))
  expect(named).toHaveLength(13)
  expect(named.filter((name) => !chapter.includes(`| \`${name}\` |`))).toEqual([])
})

test('a block is found with its language and its heading', () => {
  const markdown = '# A\n## B\n```bash\none\n\n# two\n```\ntext\n```\nthree\n```'
  expect(blocksOf(markdown)).toEqual([
    { language: 'bash', text: 'one\n\n# two', heading: 'B' },
    { language: '', text: 'three', heading: 'B' },
  ])
})

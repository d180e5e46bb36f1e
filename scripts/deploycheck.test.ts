// Owns: that the files of the deployment fit the program they deploy. Needs no tool; `npm run deploycheck` holds the
// same files, merged and rendered, against the official schemas.
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { composeProblems } from './deploy/compose.ts'
import {
  askedByGateway,
  isPinned,
  LIVE,
  problemsOfEnvironment,
  READY,
  SERVICE_NAMES,
  textOf,
} from './deploy/facts.ts'
import { manifestProblems } from './deploy/manifests.ts'
import { schemasOf } from './deploy/schemas.ts'

const CHART = 'deploy/helm/ensemble'
const COMPOSE = 'deploy/compose.yaml'
const POSTGRES = 'deploy/compose.postgres.yaml'
const AUTH = 'deploy/compose.auth.yaml'
const TRACING = 'deploy/compose.tracing.yaml'

interface PackageFile {
  readonly name: string
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
}

function packageOf(path: string): PackageFile {
  return JSON.parse(textOf(path)) as PackageFile
}

interface ComposeFile {
  readonly services: Record<string, Record<string, unknown>>
}

function composeOf(change: (file: ComposeFile) => void = () => undefined): ComposeFile {
  const file = parse(textOf(COMPOSE), { merge: true }) as ComposeFile
  change(file)
  return structuredClone(file)
}

describe('the compose file', () => {
  test('breaks no rule', () => {
    expect(composeProblems(composeOf())).toEqual([])
  })

  const changed = (name: string, fields: Record<string, unknown>) => (file: ComposeFile) => {
    file.services[name] = { ...file.services[name], ...fields }
  }
  const env = (more: Record<string, string>) => {
    const own = composeOf().services['order']?.['environment']
    return { environment: { ...(own as Record<string, string>), ...more } }
  }

  test.each([
    ['a port for others', changed('kafka', { ports: ['9092:9092'] }), 'kafka: 9092:9092 listens outside'],
    ['a port for all addresses', changed('kafka', { ports: ['0.0.0.0:1:1'] }), 'listens outside'],
    ['a second service published', changed('user', { ports: ['127.0.0.1:81:8080'] }), 'only the gateway'],
    ['another port of the gateway', changed('gateway', { ports: ['127.0.0.1:81:8080'] }), 'only the gateway'],
    ['an image of any version', changed('kafka', { image: 'apache/kafka:latest' }), 'no exact tag'],
    ['an image of a line of versions', changed('kafka', { image: 'apache/kafka:4' }), 'no exact tag'],
    ['no limit', changed('kafka', { deploy: undefined }), 'kafka: has no limit'],
    ['no health check', changed('kafka', { healthcheck: { disable: true } }), 'kafka: has no health check'],
    ['nobody that migrates', (file) => delete file.services['migrate-order'], 'its migration is not there'],
    ['a service that is missing', (file) => delete file.services['user'], 'user: the service'],
    ['migrations that are not waited for', changed('order', { depends_on: {} }), 'wait for its migrations'],
    ['migrations before their database', changed('migrate-order', { depends_on: {} }), 'not wait for its'],
    [
      'migrations that start again',
      changed('migrate-order', { restart: 'always' }),
      'order: waits for the end of migrate-order, which is started again',
    ],
    [
      'another program',
      changed('order', { command: ['scripts/service.ts', 'user'] }),
      'not start its service',
    ],
    ['a variable that nothing reads', changed('order', env({ KAFKA_BROKER: 'x' })), 'reads KAFKA_BROKER'],
    ['a value that is refused', changed('order', env({ BUS: 'rabbit' })), "BUS: 'rabbit' is not usable"],
    ['others may call, unsaid', changed('order', env({ AUTH: '' })), 'HOST: 0.0.0.0 can be reached'],
    ['another port', changed('order', env({ PORT: '8081' })), 'order: is not asked for :8081/health/ready'],
    [
      'migrations of another database',
      changed('order', env({ ORDER_DATABASE_URL: 'postgres://root@database:26257/user' })),
      'order: its migrations are those of another database',
    ],
    ['an image that can be written to', changed('order', { read_only: false }), 'order: may write'],
  ] satisfies readonly [string, (file: ComposeFile) => void, string][])(
    'may not have %s',
    (_, change, problem) => {
      expect(composeProblems(composeOf(change)).join('\n')).toContain(problem)
    },
  )

  test('asks for no secret that the example lacks, and the example holds none', () => {
    const asked = [COMPOSE, POSTGRES, AUTH].flatMap((path) =>
      [...textOf(path).matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name),
    )
    const lines = textOf('deploy/env.example').split('\n')
    const given = lines.filter((line) => line !== '' && !line.startsWith('#'))
    expect(new Set(given.map((line) => line.split('=')[0]))).toEqual(new Set(asked))
    expect(given.filter((line) => !line.endsWith('='))).toEqual([])
    expect(textOf('.gitignore').split('\n')).toContain('.env')
  })

  test('with tokens lets no service be called without one', () => {
    const { services } = parse(textOf(AUTH), { merge: true }) as ComposeFile
    const told = { AUTH: '', AUTH_ISSUER: expect.stringContaining('${AUTH_ISSUER:?') as string }
    const all = Object.fromEntries(SERVICE_NAMES.map((name) => [name, { environment: told }]))
    expect(services).toMatchObject(all)
  })

  test('with tracing sends the traces of every service to the collector, where it listens', () => {
    const { services } = parse(textOf(TRACING), { merge: true }) as ComposeFile
    const told = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }
    expect(services).toEqual(Object.fromEntries(SERVICE_NAMES.map((name) => [name, { environment: told }])))
    expect(composeOf().services['collector']).toMatchObject({ profiles: ['observability'] })
    expect(textOf('deploy/observability/collector.yaml')).toContain('http: { endpoint: 0.0.0.0:4318 }')
    expect(problemsOfEnvironment(told)).toEqual([])
  })

  test('with PostgreSQL names the database of every service and of its migrations', () => {
    const { services } = parse(textOf(POSTGRES), { merge: true, logLevel: 'silent' }) as ComposeFile
    const urls = SERVICE_NAMES.flatMap((name) =>
      [name, `migrate-${name}`].map((one) => services[one]?.['environment']),
    )
    const wanted = SERVICE_NAMES.flatMap((name) => {
      const url = `postgres://${name}:\${SERVICES_PASSWORD}@database:5432/${name}`
      const own = { [`${name.toUpperCase()}_DATABASE_URL`]: url }
      return [own, own]
    })
    expect(urls).toEqual(wanted)
    expect(isPinned(String(services['database']?.['image']))).toBe(true)
    expect(services['databases']?.['command']).toEqual(expect.arrayContaining([...SERVICE_NAMES]))
  })
})

describe('the image', () => {
  const dockerfile = textOf('deploy/Dockerfile')
  const scripts = ['scripts/service.ts', 'scripts/migrate.ts']

  test('has the Node that the repository pins', () => {
    const { dependencies } = packageOf('package.json')
    const from = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)
    expect(from).toEqual(Array(2).fill(`node:${dependencies['node']}-bookworm-slim`))
  })

  test('installs all that its programs import', () => {
    const { name, dependencies } = packageOf('apps/all-in-one/package.json')
    expect(dockerfile).toContain(`npm ci --omit=dev --ignore-scripts --workspace=${name} `)
    const imported = scripts.flatMap((path) =>
      [...textOf(path).matchAll(/from '([^']+)'/g)].map(([, specifier = '']) => specifier),
    )
    const known = [name, ...Object.keys(dependencies)]
    expect(imported.filter((one) => !known.includes(one) && !one.startsWith('node:'))).toEqual([])
  })

  test('copies no more than the build may see', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
      paths?.split(' '),
    )
    const seen = textOf('deploy/Dockerfile.dockerignore').split('\n')
    expect(copied.filter((path) => !seen.includes(`!${path}`))).toEqual([])
    expect(copied).toEqual(expect.arrayContaining(scripts))
  })

  test('is asked where it answers', () => {
    expect(dockerfile).toContain(`\${process.env.PORT}${LIVE}`)
    const routes = textOf('packages/http/src/health.ts')
    expect([LIVE, READY].filter((path) => !routes.includes(`'${path}'`))).toEqual([])
  })
})

describe('the chart', () => {
  const values = parse(textOf(`${CHART}/values.yaml`)) as Record<string, object>
  const { appVersion } = parse(textOf(`${CHART}/Chart.yaml`)) as { readonly appVersion: string }

  test('has every service, of the version that is here', () => {
    expect(new Set(Object.keys(values['services'] ?? {}))).toEqual(new Set(SERVICE_NAMES))
    expect(appVersion).toBe(packageOf('package.json').version)
    expect(textOf(COMPOSE)).toContain(`image: ensemble:${appVersion}`)
  })

  test('tells the gateway where everybody is whom it asks', () => {
    const names = askedByGateway().map((name) => `"${name}"`)
    expect(names).not.toEqual([])
    expect(textOf(`${CHART}/templates/deployments.yaml`)).toContain(`range list ${names.join(' ')}`)
  })

  test('describes every value that it has', () => {
    const schema = JSON.parse(textOf(`${CHART}/values.schema.json`)) as Record<string, object>
    const described = Object.keys(schema['properties'] ?? {})
    expect(Object.keys(values).filter((name) => !described.includes(name))).toEqual([])
  })

  test('reads every value that it has', () => {
    const templates = readdirSync(new URL(`../${CHART}/templates`, import.meta.url))
    const text = templates.map((name) => textOf(`${CHART}/templates/${name}`)).join('\n')
    expect(Object.keys(values).filter((name) => !text.includes(`Values.${name}`))).toEqual([])
  })
})

describe('what the chart renders', () => {
  const labels = (component: string) => ({ 'app.kubernetes.io/component': component })
  const probe = (path: string) => ({ httpGet: { path, port: 'http' } })
  const podOf = (component: string, args: string[], env: Record<string, string>) => ({
    metadata: { labels: labels(component) },
    spec: {
      securityContext: { runAsNonRoot: true },
      containers: [
        {
          image: 'images.example.com/ensemble:0.1.0',
          args,
          env: Object.entries(env).map(([name, value]) => ({ name, value })),
          ports: [{ name: 'http', containerPort: 8080 }],
          startupProbe: probe(LIVE),
          livenessProbe: probe(LIVE),
          readinessProbe: probe(READY),
          resources: { limits: { memory: '512Mi' } },
          securityContext: { readOnlyRootFilesystem: true },
        },
      ],
    },
  })
  const rendered = () =>
    SERVICE_NAMES.flatMap((name) => {
      const peers = name === 'gateway' ? askedByGateway() : []
      const urls = Object.fromEntries(
        peers.map((peer): [string, string] => [`${peer.toUpperCase()}_URL`, `http://r-${peer}:8080`]),
      )
      const env = { HOST: '0.0.0.0', PORT: '8080', AUTH: 'open', ...urls }
      const metadata = { name: `r-${name}`, labels: labels(name) }
      const job = { name: `r-${name}-migrate`, labels: labels(`${name}-migrate`) }
      const hook = { 'helm.sh/hook': 'pre-install,pre-upgrade' }
      return [
        { kind: 'Deployment', metadata, spec: { template: podOf(name, ['scripts/service.ts', name], env) } },
        {
          kind: 'Job',
          metadata: { ...job, annotations: hook },
          spec: { template: podOf(`${name}-migrate`, ['scripts/migrate.ts', name, 'up'], {}) },
        },
        { kind: 'Service', metadata, spec: { selector: labels(name) } },
        { kind: 'PodDisruptionBudget', metadata, spec: { selector: { matchLabels: labels(name) } } },
        { kind: 'ServiceAccount', metadata },
      ]
    })

  test('may be like this', () => {
    expect(manifestProblems(rendered())).toEqual([])
  })

  test.each([
    ['an image of any version', 'ensemble:0.1.0', 'ensemble:latest', 'no exact tag'],
    ['probes elsewhere', '"/health/ready"', '"/ready"', 'is not asked for start, life and readiness'],
    ['a port elsewhere', '"containerPort":8080', '"containerPort":80', 'listens on another port'],
    ['migrations after the services', 'pre-install,', 'post-install,', 'migrations do not run before'],
    ['a variable that nothing reads', '"AUTH"', '"AUTHORITY"', 'nothing reads AUTHORITY'],
    ['a root', '"runAsNonRoot":true', '"runAsNonRoot":false', 'or be root'],
    ['a peer elsewhere', '"http://r-user:8080"', '"http://user:8080"', 'does not find user'],
    ['no budget', '"PodDisruptionBudget"', '"ServiceAccount"', 'its disruption budget does not find'],
    ['no account', '"ServiceAccount"', '"NetworkPolicy","spec":{}', 'has no service account'],
  ])('may not have %s', (_, right, wrong, problem) => {
    const text = JSON.stringify(rendered()).replaceAll(right, wrong)
    expect(manifestProblems(JSON.parse(text) as unknown[]).join('\n')).toContain(problem)
  })

  test('is held against schemas that refuse what they do not describe', () => {
    const described = {
      'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
    }
    const definitions = {
      'io.k8s.Deployment': { ...described, properties: { kind: { type: 'string' } } },
      'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: 'string', format: 'int-or-string' },
    }
    expect(schemasOf({ definitions }, ['Deployment'])).toEqual({
      'deployment-apps-v1': {
        allOf: [{ $ref: '#/definitions/io.k8s.Deployment' }],
        definitions: {
          'io.k8s.Deployment': {
            ...described,
            properties: { kind: { type: 'string' } },
            additionalProperties: false,
          },
          'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: ['string', 'number'] },
        },
      },
    })
  })
})

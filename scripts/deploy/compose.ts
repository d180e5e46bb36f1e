// Owns: the rules for the compose file, as it stands or as the reference implementation merges it. Does not own its
// form: the Compose Specification's schema does.
// I1: a rule answers problems; it never throws for a file that is merely wrong.
import { variableOf } from '@ensemble/service'
import * as z from 'zod'
import { askedByGateway, isPinned, problemsOfEnvironment, READY, SERVICE_NAMES } from './facts.ts'

const Variables = z.record(z.string(), z.string())
/** Merged files list them as `NAME=value`. */
const Listed = z.array(z.string()).transform((lines) =>
  Object.fromEntries(
    lines.map((line) => {
      const end = line.indexOf('=')
      return [line.slice(0, end), line.slice(end + 1)]
    }),
  ),
)
const Port = z.union([
  z.string(),
  z
    .object({ host_ip: z.string().default(''), published: z.string(), target: z.number() })
    .transform(({ host_ip: host, published, target }) => `${host}:${published}:${target}`),
])

const Container = z.object({
  image: z.string().default(''),
  command: z.array(z.string()).default([]),
  environment: z.union([Variables, Listed]).default({}),
  ports: z.array(Port).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z
    .object({ test: z.array(z.string()).default([]), disable: z.boolean().default(false) })
    .default({ test: [], disable: true }),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  restart: z.string().default('no'),
  deploy: z
    .object({
      resources: z.object({
        limits: z.object({ memory: z.string().optional(), cpus: z.string().optional() }),
      }),
    })
    .optional(),
})

type Container = z.infer<typeof Container>
type Containers = Readonly<Record<string, Container>>

const Project = z.object({ services: z.record(z.string(), Container) })

/** `depends_on` says when to start, not in whose image a program to ask with is missing. */
const WITHOUT_HEALTH = ['collector']
const GATEWAY_AT = '127.0.0.1:80:8080'
const COMPLETED = 'service_completed_successfully'
const HEALTHY = 'service_healthy'

/** Errors: a ZodError when it is no compose file at all. */
export function composeProblems(file: unknown): readonly string[] {
  const { services: containers } = Project.parse(file)
  return [
    ...Object.entries(containers).flatMap(([name, container]) => problemsOf(name, container, containers)),
    ...SERVICE_NAMES.flatMap((name) => problemsOfService(name, containers)),
    ...problemsOfGateway(containers),
  ]
}

function problemsOf(name: string, container: Container, containers: Containers): readonly string[] {
  const { image, ports, restart, healthcheck, deploy } = container
  const problems: string[] = []
  if (!isPinned(image)) problems.push(`${name}: the image ${image} has no exact tag`)
  for (const port of ports)
    if (!port.startsWith('127.0.0.1:')) problems.push(`${name}: ${port} listens outside of this machine`)
  const { memory, cpus } = deploy?.resources.limits ?? {}
  if (memory === undefined || cpus === undefined) problems.push(`${name}: has no limit of memory and cpus`)
  const isKept = restart !== 'no'
  if (isKept && healthcheck.disable && !WITHOUT_HEALTH.includes(name))
    problems.push(`${name}: has no health check`)
  for (const [other, { condition }] of Object.entries(container.depends_on)) {
    const target = containers[other]
    if (target === undefined) problems.push(`${name}: waits for ${other}, which is not there`)
    else if (condition === HEALTHY && target.healthcheck.disable)
      problems.push(`${name}: waits for the health of ${other}, which has no check`)
    else if (condition === COMPLETED && target.restart !== 'no')
      problems.push(`${name}: waits for the end of ${other}, which is started again`)
  }
  return problems
}

function problemsOfService(name: string, containers: Containers): readonly string[] {
  const container = containers[name]
  const migration = containers[`migrate-${name}`]
  if (container === undefined || migration === undefined)
    return [`${name}: the service or its migration is not there`]
  const problems: string[] = []
  const says = (isRight: boolean, problem: string): void => {
    if (!isRight) problems.push(problem)
  }
  const url = `${variableOf(name)}_DATABASE_URL`
  const waits = (one: Container, other: string): string | undefined => one.depends_on[other]?.condition
  says(container.command.join(' ') === `scripts/service.ts ${name}`, 'does not start its service')
  says(migration.command.join(' ') === `scripts/migrate.ts ${name} up`, 'does not migrate its service')
  says(waits(container, `migrate-${name}`) === COMPLETED, 'does not wait for its migrations')
  says(waits(container, 'kafka') === HEALTHY, 'does not wait for the bus')
  says(waits(migration, 'databases') === COMPLETED, 'its migrations do not wait for its database')
  says(container.environment[url] !== undefined, `${url} is missing`)
  says(
    container.environment[url] === migration.environment[url],
    'its migrations are those of another database',
  )
  const port = container.environment['PORT'] ?? ''
  says(container.healthcheck.test.join(' ').includes(`:${port}${READY}`), `is not asked for :${port}${READY}`)
  for (const one of [container, migration])
    says(one.read_only && one.cap_drop.includes('ALL'), 'may write to its image, or has capabilities')
  problems.push(
    ...problemsOfEnvironment(container.environment),
    ...problemsOfEnvironment(migration.environment),
  )
  return problems.map((problem) => `${name}: ${problem}`)
}

function problemsOfGateway(containers: Containers): readonly string[] {
  const gateway = containers['gateway']
  if (gateway === undefined) return []
  const published = SERVICE_NAMES.flatMap((name) => containers[name]?.ports ?? [])
  const isAlone = published.length === 1 && published[0] === GATEWAY_AT
  return [
    ...(isAlone ? [] : [`of our services only the gateway is published, at ${GATEWAY_AT}`]),
    ...askedByGateway().flatMap((name) => {
      const url = `http://${name}:${containers[name]?.environment['PORT'] ?? ''}`
      const isRight = gateway.environment[`${variableOf(name)}_URL`] === url
      const isAwaited = gateway.depends_on[name]?.condition === HEALTHY
      return isRight && isAwaited ? [] : [`gateway: ${name} is not found at ${url}, or not waited for`]
    }),
  ]
}

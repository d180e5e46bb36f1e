// Owns: the rules for what the Helm chart renders. Does not own its form: Kubernetes' own schemas do.
// I1: a rule answers problems; it never throws for a manifest that is merely wrong.
import { variableOf } from '@ensemble/service'
import * as z from 'zod'
import { askedByGateway, isPinned, LIVE, problemsOfEnvironment, READY, SERVICE_NAMES } from './facts.ts'

const Labels = z.record(z.string(), z.string())
const Probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) }).optional()
const Variable = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.unknown().optional(),
})

const Pod = z.object({
  metadata: z.object({ labels: Labels }),
  spec: z.object({
    securityContext: z.object({ runAsNonRoot: z.boolean() }),
    containers: z
      .array(
        z.object({
          image: z.string(),
          args: z.array(z.string()),
          env: z.array(Variable),
          ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
          startupProbe: Probe,
          livenessProbe: Probe,
          readinessProbe: Probe,
          resources: z.object({ limits: z.object({ memory: z.string() }) }),
          securityContext: z.object({ readOnlyRootFilesystem: z.boolean() }),
        }),
      )
      .length(1),
  }),
})

const Metadata = z.object({ name: z.string(), labels: Labels, annotations: Labels.default({}) })
const Manifest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('Deployment'), metadata: Metadata, spec: z.object({ template: Pod }) }),
  z.object({ kind: z.literal('Job'), metadata: Metadata, spec: z.object({ template: Pod }) }),
  z.object({ kind: z.literal('Service'), metadata: Metadata, spec: z.object({ selector: Labels }) }),
  z.object({
    kind: z.literal('PodDisruptionBudget'),
    metadata: Metadata,
    spec: z.object({ selector: z.object({ matchLabels: Labels }) }),
  }),
  z.object({ kind: z.literal('NetworkPolicy'), metadata: Metadata, spec: z.object({}) }),
  z.object({ kind: z.literal('ServiceAccount'), metadata: Metadata }),
])

type Manifest = z.infer<typeof Manifest>
type Kind<K extends Manifest['kind']> = Extract<Manifest, { readonly kind: K }>
type Pod = z.infer<typeof Pod>

const COMPONENT = 'app.kubernetes.io/component'
const HOOK = 'helm.sh/hook'
const URL_GIVEN = 'postgres://user:password@host:5432/name'

/** Errors: a ZodError when they are no manifests of a kind that the chart has. */
export function manifestProblems(rendered: readonly unknown[]): readonly string[] {
  const manifests = rendered.map((one) => Manifest.parse(one))
  return SERVICE_NAMES.flatMap((name) => {
    const found = <K extends Manifest['kind']>(kind: K, component = name): Kind<K> | undefined =>
      manifests.find(
        (one): one is Kind<K> => one.kind === kind && one.metadata.labels[COMPONENT] === component,
      )
    const deployment = found('Deployment')
    const job = found('Job', `${name}-migrate`)
    if (deployment === undefined || job === undefined)
      return [`${name}: has no deployment, or no job that migrates`]
    const problems = [
      ...problemsOfPod(deployment.spec.template, `scripts/service.ts ${name}`),
      ...problemsOfPod(job.spec.template, `scripts/migrate.ts ${name} up`),
      ...problemsOfProbes(deployment.spec.template),
      ...problemsOfSelectors(deployment.spec.template, [
        found('Service')?.spec.selector,
        found('PodDisruptionBudget')?.spec.selector.matchLabels,
      ]),
    ]
    if (job.metadata.annotations[HOOK] !== 'pre-install,pre-upgrade')
      problems.push('migrations do not run before the services')
    if (found('ServiceAccount') === undefined) problems.push('has no service account')
    if (name === 'gateway') problems.push(...problemsOfGateway(deployment, manifests))
    return problems.map((problem) => `${name}: ${problem}`)
  })
}

function envOf({ spec }: Pod): Readonly<Record<string, string>> {
  const variables = spec.containers.flatMap(({ env }) => env)
  // What is named by reference is there, and of the right form.
  return Object.fromEntries(variables.map(({ name, value }) => [name, value ?? URL_GIVEN]))
}

function problemsOfPod(pod: Pod, command: string): readonly string[] {
  const problems: string[] = []
  for (const { image, args, securityContext } of pod.spec.containers) {
    if (args.join(' ') !== command) problems.push(`runs ${args.join(' ')}, not ${command}`)
    if (!isPinned(image)) problems.push(`the image ${image} has no exact tag`)
    if (!securityContext.readOnlyRootFilesystem || !pod.spec.securityContext.runAsNonRoot)
      problems.push('may write to its image, or be root')
  }
  return [...problems, ...problemsOfEnvironment(envOf(pod))]
}

function problemsOfProbes(pod: Pod): readonly string[] {
  return pod.spec.containers.flatMap(({ startupProbe, livenessProbe, readinessProbe, ports }) => {
    const paths = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet.path)
    const isRight = paths.join(' ') === `${LIVE} ${LIVE} ${READY}`
    const isListening = ports.some((port) => String(port.containerPort) === envOf(pod)['PORT'])
    return [
      ...(isRight ? [] : ['is not asked for start, life and readiness where it answers']),
      ...(isListening ? [] : ['listens on another port than its pod says']),
    ]
  })
}

function problemsOfSelectors(
  { metadata }: Pod,
  selectors: readonly (Readonly<Record<string, string>> | undefined)[],
): readonly string[] {
  const isFound = selectors.every(
    (selector) =>
      selector !== undefined &&
      Object.entries(selector).every(([label, value]) => metadata.labels[label] === value),
  )
  return isFound ? [] : ['its service or its disruption budget does not find its pods']
}

function problemsOfGateway(gateway: Kind<'Deployment'>, manifests: readonly Manifest[]): readonly string[] {
  const env = envOf(gateway.spec.template)
  return askedByGateway().flatMap((name) => {
    const service = manifests.find(
      ({ kind, metadata }) => kind === 'Service' && metadata.labels[COMPONENT] === name,
    )
    const url = `http://${service?.metadata.name ?? ''}:8080`
    return env[`${variableOf(name)}_URL`] === url ? [] : [`does not find ${name} at ${url}`]
  })
}

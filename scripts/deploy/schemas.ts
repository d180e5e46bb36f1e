// Owns: Kubernetes' own description of its API as JSON Schemas of single kinds.
// I1: they are strict: a field that is not described is refused.

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type Definition = Readonly<Record<string, Json>>

export interface Swagger {
  readonly definitions: Readonly<Record<string, Definition>>
}

/** Described as text, and yet a port may be a number, and an amount of memory too. */
const LOOSE = [
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  'io.k8s.apimachinery.pkg.api.resource.Quantity',
]

/** By file name, as kubeconform asks for it: `deployment-apps-v1`. Each schema stands alone. */
export function schemasOf(swagger: Swagger, kinds: readonly string[]): Readonly<Record<string, Json>> {
  const definitions = strict(swagger)
  const found = Object.entries(swagger.definitions).flatMap(([name, definition]) => {
    const known = definition['x-kubernetes-group-version-kind']
    if (!Array.isArray(known) || known.length !== 1) return []
    const { group = '', version = '', kind = '' } = known[0] as Record<string, string>
    if (!kinds.includes(kind)) return []
    const file = [kind, ...(group === '' ? [] : [group.split('.')[0]]), version].join('-').toLowerCase()
    return [[file, { allOf: [{ $ref: `#/definitions/${name}` }], definitions }] as const]
  })
  return Object.fromEntries(found)
}

function strict({ definitions }: Swagger): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => {
      if (LOOSE.includes(name)) return [name, { type: ['string', 'number'] }]
      const isRecord = definition['properties'] !== undefined
      return [name, isRecord ? { ...definition, additionalProperties: false } : definition]
    }),
  )
}

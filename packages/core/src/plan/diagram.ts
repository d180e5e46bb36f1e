// Owns: a plan as a Mermaid flowchart: the way forward in solid arrows, the way back in dashed ones, the point
// of no return.
// I1: node ids are made of positions, never of names: a step may be called `end`, which Mermaid reserves.
// I2: every label is quoted and what Mermaid would read as markup is escaped.
import type { Plan, Step, StepKind } from './plan.ts'
import type { Heard, Naming, Reaction, Work } from './reactions.ts'
import { reactions } from './reactions.ts'

const SHAPE: Readonly<Record<StepKind, readonly [string, string]>> = {
  check: ['(', ')'],
  compensatable: ['[', ']'],
  pivot: ['{{', '}}'],
  retriable: ['[[', ']]'],
}

const KIND_LABEL: Readonly<Record<StepKind, string>> = {
  check: 'check',
  compensatable: 'compensatable',
  pivot: 'pivot: point of no return',
  retriable: 'retriable: until it succeeds',
}

/** The flowchart's text; the same plan gives the same text. */
export function mermaid(plan: Plan): string {
  const table = reactions(plan)
  const first = plan.steps[0]
  return [
    'flowchart TD',
    `  started(["${escaped(`${plan.name} version ${plan.version}`)}"])`,
    ...plan.steps.map((step, index) => `  run${index}${runNode(step)}`),
    ...plan.steps.flatMap((step, index) => (step.undo === null ? [] : [`  undo${index}${undoNode(step)}`])),
    ...endNodes(plan, table),
    ...(first === undefined ? [] : ['  started --> run0']),
    ...table.flatMap((reaction) => arrows(plan, reaction)),
    ...styles(plan),
    '',
  ].join('\n')
}

function runNode(step: Step): string {
  const [open, close] = SHAPE[step.kind]
  const { participant, request } = step.run.ref
  const lines = [step.name, `${participant}.${request}`, KIND_LABEL[step.kind]]
  return `${open}"${lines.map(escaped).join('<br/>')}"${close}`
}

function undoNode(step: Step): string {
  const ref = step.undo?.ref
  const request = ref === undefined ? '' : `${ref.participant}.${ref.request}`
  return `["${[`undo ${step.name}`, request].map(escaped).join('<br/>')}"]`
}

function endNodes(plan: Plan, table: readonly Reaction[]): readonly string[] {
  const reached = table.flatMap(({ names }) => names.flatMap(({ next }) => ('end' in next ? [next.end] : [])))
  return (['completed', 'compensated'] as const)
    .filter((end) => reached.includes(end))
    .map((end) => `  ${end}(["${escaped(`${plan.name}.${end}`)}"])`)
}

function arrows(plan: Plan, { work, names }: Reaction): readonly string[] {
  const targets = [...new Set(names.map(({ next }) => nodeOf(plan, next)))]
  return targets.map((target) => {
    const heard = names.filter(({ next }) => nodeOf(plan, next) === target).map((naming) => naming.heard)
    const line = target === pipelinedAfter(plan, work) ? '-->|"pipelined"|' : arrow(work, heard)
    return `  ${nodeOf(plan, work)} ${line} ${target}`
  })
}

function pipelinedAfter(plan: Plan, { step, direction }: Work): string | null {
  const index = plan.steps.findIndex(({ name }) => name === step) + 1
  return direction === 'run' && plan.steps[index]?.pipelined === true ? `run${index}` : null
}

function arrow(work: Work, heard: readonly Heard[]): string {
  if (work.direction === 'undo') return '-.->'
  const [only] = heard
  return heard.length === 1 && only === 'succeeded' ? '-->' : `-.->|"${heard.map(escaped).join(', ')}"|`
}

function nodeOf(plan: Plan, to: Naming['next']): string {
  if ('end' in to) return to.end
  return `${to.direction}${plan.steps.findIndex(({ name }) => name === to.step)}`
}

function styles(plan: Plan): readonly string[] {
  const pivot = plan.steps.findIndex(({ kind }) => kind === 'pivot')
  const undos = plan.steps.flatMap(({ undo }, index) => (undo === null ? [] : [`undo${index}`]))
  return [
    ...(pivot < 0 ? [] : ['  classDef pivot stroke-width:4px', `  class run${pivot} pivot`]),
    ...(undos.length === 0
      ? []
      : ['  classDef undo stroke-dasharray:4 4', `  class ${undos.join(',')} undo`]),
  ]
}

function escaped(text: string): string {
  return text.replace(/[&"<>#;]/g, (character) => `#${character.codePointAt(0) ?? 0};`)
}

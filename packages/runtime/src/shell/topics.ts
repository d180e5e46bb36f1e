// Owns: which topics a host listens to. Pure.
import { ORCHESTRATOR, TOPIC, topicsOf, type Plan } from '@ensemble/core'
import type { Implementation } from '../handlers.ts'

export interface Listening {
  readonly service: string
  readonly implementation: Implementation | null
  readonly plans: readonly Plan[]
  readonly orchestrates: boolean
  readonly starts: boolean
  readonly observes: readonly string[]
}

export function topicsFor(listening: Listening): readonly string[] {
  const { service, implementation, plans, orchestrates, starts, observes } = listening
  const topics = new Set<string>(observes)
  if (implementation !== null) {
    topics.add(TOPIC.commands(service))
    for (const plan of plans) for (const topic of topicsOf(plan, service)) topics.add(topic)
    for (const { name } of implementation.follows) topics.add(topicOfEvent(name, plans))
  }
  if (orchestrates) {
    topics.add(TOPIC.started)
    topics.add(TOPIC.commands(ORCHESTRATOR))
    for (const plan of plans.filter((one) => one.pattern !== 'choreography')) {
      for (const step of plan.steps) {
        topics.add(TOPIC.events(step.run.ref.participant))
        if (step.undo !== null) topics.add(TOPIC.events(step.undo.ref.participant))
      }
    }
  }
  if (starts) topics.add(TOPIC.ended)
  return [...topics].sort()
}

/** `order.place.completed` of a plan is on `saga.ended`; `payment.prepared` is on its participant's topic. */
function topicOfEvent(name: string, plans: readonly Plan[]): string {
  const ends = plans.some((plan) => name === `${plan.name}.completed` || name === `${plan.name}.compensated`)
  return ends ? TOPIC.ended : TOPIC.events(name.split('.')[0] ?? name)
}

// Owns: the deadline of a choreographed saga: a withdraw of its first step's run, due when the saga's time is over.
// Pure.
// I1: it is set with the first row of that run, once: a run that an older instance set aside has no row yet, and a try
// that threw has taken its timer back.
import { withdrawOf } from '../letters.ts'
import type { Shop } from './answer.ts'
import type { Picture } from './picture.ts'
import type { RunWork } from './work.ts'

export function watchSaga(shop: Shop, picture: Picture, { slip, ask, saga, plan }: RunWork): void {
  if (slip === null || slip.state.seq !== 1 || picture.operation(ask.operation) !== undefined) return
  const withinMs = shop.plans.known(saga.plan, slip.state)?.withinMs ?? null
  if (withinMs === null) return
  const dueAt = slip.state.startedAt + withinMs
  const cancel = { reason: 'the saga deadline has passed', by: 'deadline' }
  picture.scheduled.push({ dueAt, message: withdrawOf({ saga, plan, ask }, cancel, dueAt) })
}

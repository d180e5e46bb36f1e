// Owns: the order saga as a workflow of Temporal: its steps are local activities, which run where the workflow does
// and are recorded together when it has to wait or has ended.
// I1: this file is bundled by itself; it imports nothing but types beside Temporal's own package.
import { proxyLocalActivities } from '@temporalio/workflow'
import type { End, Saga } from './round.ts'

export interface Activities {
  readonly open: (saga: Saga) => Promise<void>
  readonly prepare: (saga: Saga) => Promise<void>
  readonly charge: (saga: Saga) => Promise<boolean>
  readonly complete: (saga: Saga) => Promise<void>
  readonly cancel: (saga: Saga) => Promise<void>
  readonly fail: (saga: Saga) => Promise<void>
}

const run = proxyLocalActivities<Activities>({ startToCloseTimeout: '1 minute' })

export async function place(saga: Saga): Promise<End> {
  await run.open(saga)
  await run.prepare(saga)
  if (await run.charge(saga)) {
    await run.complete(saga)
    return 'completed'
  }
  await run.cancel(saga)
  await run.fail(saga)
  return 'compensated'
}

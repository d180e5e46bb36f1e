// A transaction went on with a saga, and another one of its process, which had committed meanwhile, had its row
// remembered. In the next round the first one took that row from memory and put it over what it had decided: the
// decision was lost, and the update was not refused, for the version was the database's.
import { begin, type SagaRef } from '@ensemble/core'
import { manualClock, memoryDatabase } from '@ensemble/memory'
import type { SagaRow } from '@ensemble/runtime'
import { expect, test } from 'vitest'
import { Advancing, type AdvanceOptions } from '../src/advance/advance.ts'
import { Recollection, SagaMemory } from '../src/advance/recollection.ts'
import type { AdvanceWork, Heard } from '../src/advance/signals.ts'
import { PlanBook } from '../src/plans.ts'
import { planOf } from './services.ts'

const T0 = 1_000_000
const plan = planOf('sale', [{ kind: 'compensatable' }, { kind: 'compensatable' }, { kind: 'retriable' }])
const saga: SagaRef = { plan: 'sale', id: 'x', pattern: 'orchestration' }

function work(heard: Heard): AdvanceWork {
  const message = {
    type: 'cancel',
    id: 'm',
    topic: 't',
    key: 'x',
    saga,
    issuedAt: T0,
    cancel: CANCEL,
  } as const
  return { saga, heard, message, attempt: 0 }
}

const CANCEL = { reason: 'changed my mind', by: 'customer' }

async function hear(advancing: Advancing, works: readonly AdvanceWork[]): Promise<readonly string[]> {
  const early = advancing.inHand(works)
  const said = [...(await advancing.hear(early))]
  said.push(...(await advancing.hear(works.filter((one) => !early.includes(one)))))
  return said.flatMap((message) => (message.type === 'history' ? [] : [message.type]))
}

test('a decision stands in the rounds after it, whatever is remembered meanwhile', async () => {
  const database = memoryDatabase({ name: 'desk', clock: manualClock(T0) })
  const { stores } = database
  const memory = new SagaMemory({ now: () => T0 })
  const options: AdvanceOptions = {
    office: {
      plans: new PlanBook([plan]),
      retry: { delayMsMin: 1, delayMsMax: 1, attemptsMax: 3 },
      chance: () => 0,
      overdueAfterMs: 30_000,
    },
    stores,
    sagas: new Recollection(stores.sagas, memory),
    horizonCheckedBefore: () => 0,
    onDue: () => undefined,
  }
  const begun = begin(plan, { saga, input: { key: 'x' }, now: T0, wish: null })
  if (begun.type !== 'decided') throw new Error('the saga does not begin')
  const row: SagaRow = { plan: 'sale', id: 'x', state: begun.state, wish: null, parked: null, version: 0 }
  await database.transaction((tx) => stores.sagas.insert(tx, [row]))

  await database.transaction(async (tx) => {
    const advancing = new Advancing(tx, options)
    const cancel = work({ type: 'cancel', cancel: CANCEL, issuedAt: T0 })
    expect(await hear(advancing, [cancel])).toContain('withdraw')
    // Another transaction's row, told when its COMMIT is answered.
    memory.remember([row])
    const answer = { status: 'succeeded', output: null } as const
    await hear(advancing, [work({ type: 'answered', operation: 'sale/x/s1/run', answer })])
    await advancing.store()
  })

  const [stored] = await database.transaction((tx) => stores.sagas.load(tx, [saga]))
  expect(stored?.state?.phase).toMatchObject({ at: 'undoing', step: 's1' })
})

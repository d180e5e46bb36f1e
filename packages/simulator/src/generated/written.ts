// Owns: how the made-up participants do a step in a transaction of SQL: at once, or held until a clerk settles it in a
// transaction of his own.
// I1: a settlement and what it settles are stored together or not at all.
import { deferred, rejected, succeeded, type Outcome } from '@ensemble/core'
import { transaction, type Database, type Host, type Transaction } from '@ensemble/runtime'
import type { Contract, Ordered } from './contracts.ts'
import { entry, faultless, ledger, marked, written, type At, type Mark } from './tables.ts'

interface Call extends At {
  readonly tx: Transaction
  readonly input: Ordered
}

async function put({ tx, input }: Call, mark: Mark): Promise<void> {
  const state = await stateOf(tx, input)
  if (input.part.also !== null) await written.load(tx, [input.part.also])
  const row = { key: input.key, state: marked(state, input, mark) }
  await (state === undefined ? written.insert(tx, [row]) : written.update(tx, [row]))
}

async function stateOf(tx: Transaction, { key }: Ordered) {
  return (await written.load(tx, [key])).get(key)
}

async function run(call: Call, mark: Mark): Promise<void> {
  await put(call, mark)
  await ledger.append(call.tx, [entry(call.input, call, 'run')])
}

async function undo(call: Call): Promise<void> {
  const mark = (await stateOf(call.tx, call.input))?.marks[call.input.mark]
  if (mark !== 'done' && mark !== 'kept') return
  await put(call, 'undone')
  await ledger.append(call.tx, [entry(call.input, call, 'undo')])
}

export function sqlHandlers(contract: Contract) {
  return {
    write: transaction(contract.write, {
      handle: async (call) => {
        await run(call, 'done')
        // Thrown and rejected after it was written: the savepoint takes it back.
        faultless(call.input, call.now, 'refusable')
        return call.input.part.run === 'reject' ? rejected('no', {}) : succeeded({ written: call.input.mark })
      },
    }),
    rewrite: transaction(contract.rewrite, {
      handle: async (call) => {
        await run(call, 'done')
        faultless(call.input, call.now, 'certain')
        return succeeded()
      },
    }),
    unwrite: transaction(contract.unwrite, {
      handle: async (call) => {
        await undo(call)
        faultless(call.input, call.now, 'certain')
        return succeeded()
      },
    }),
    hold: transaction(contract.hold, {
      handle: async (call) => {
        await put(call, 'waiting')
        faultless(call.input, call.now, 'refusable')
        return call.input.part.run === 'reject'
          ? rejected('no', {})
          : deferred({ until: call.now + call.input.part.waitMs })
      },
      withdraw: async (call) => {
        const isKept = call.input.part.withdraw === 'succeeded'
        await (isKept ? run(call, 'kept') : put(call, 'withdrawn'))
        faultless(call.input, call.now, 'certain')
        return isKept ? succeeded({ paid: true }) : { status: 'withdrawn' }
      },
    }),
  }
}

/** A clerk's own write, with which what is held ends. Errors: OPERATION_UNKNOWN, OPERATION_SETTLED. */
export async function settled(
  { host, database }: { readonly host: Host; readonly database: Database },
  { input, outcome }: { readonly input: Ordered; readonly outcome: Outcome },
): Promise<void> {
  const operation = `${input.mark}/run`
  await database.transaction(async (tx) => {
    const call = { tx, input, operation, now: tx.now }
    await (outcome.status === 'succeeded' ? run(call, 'done') : put(call, 'refused'))
    await host.settle(tx, { operation, outcome })
  })
}

// Owns: the participant `stock`: rules over items with a ledger and claims, and papers and signatures in SQL of its
// own.
// I1: nothing here guards against being done twice: that is what the engine is tried for, and the ledger shows it.
import { rejected, succeeded, deferred } from '@ensemble/core'
import { sqlFolder, tableEntries, tableRows } from '@ensemble/postgres'
import {
  aggregate,
  implement,
  transaction,
  type Entries,
  type HandlerContext,
  type Implementation,
  type Transaction,
} from '@ensemble/runtime'
import { frontedEntries, frontedRows } from '../tripwire/fronts.ts'
import type { Probe } from '../tripwire/probe.ts'
import { stock, type Parcel, type Token } from './contracts.ts'
import type { World } from './world.ts'

const sql = sqlFolder(new URL('./sql/', import.meta.url))
const PAPER_INSERT = sql('paper_insert')
const PAPER_DELETE = sql('paper_delete')
const SIGNATURE_INSERT = sql('signature_insert')
const SIGNATURE_MOVE = sql('signature_move')

/** Longer than any run: what waits is ended by somebody. */
const SIGN_WITHIN_MS = 600_000

export interface Entry {
  readonly operation: string
  readonly key: string
  readonly step: string
  readonly amount: number
  readonly token: string
}

const entryTable = tableEntries<Entry>({
  name: 'entry',
  insert: sql('entry_append'),
  encode: (entry) => ({ ...entry }),
})

export function ledgerIn(probe: Probe): Entries<Entry> {
  return frontedEntries(probe, entryTable)
}

interface Item {
  readonly key: string
  readonly token: string
  readonly state: 'reserved' | 'released' | 'handed'
  readonly version: number
}

const items = tableRows<Item>({
  name: 'item',
  load: sql('item_load'),
  insert: sql('item_insert'),
  update: sql('item_update'),
  decode: (row) => ({
    key: String(row['key']),
    token: String(row['token']),
    state: row['state'] as Item['state'],
    version: Number(row['version']),
  }),
  key: ({ key }) => key,
  encode: (item) => ({ ...item }),
})

export function stockService(probe: Probe, world: World): Implementation {
  return implement(stock, { ...itemHandlers(probe), ...paperHandlers(probe, world), ...signHandlers() })
}

const key = (input: Parcel): string => input.key
const labelOf = (input: Parcel): string => `label:${input.key}`

function itemHandlers(probe: Probe) {
  const item = aggregate<Item, Record<never, never>, Entry>({
    rows: frontedRows(probe, items),
    entries: ledgerIn(probe),
  })
  return {
    reserve: item.on(stock.reserve, {
      key,
      needs: (input) => ({ claims: [labelOf(input)] }),
      decide: (state, input, { now, operation, holder }) => {
        const other = holder(labelOf(input))
        if (other !== null && other !== `item/${input.key}`) return { outcome: rejected('taken', { other }) }
        const token = String(now)
        return {
          outcome: succeeded({ key: input.key, token }),
          state: { key: input.key, token, state: 'reserved', version: state?.version ?? 0 },
          entries: [{ operation, key: input.key, step: 'reserve', amount: 1, token }],
          claim: [labelOf(input)],
        }
      },
    }),
    release: item.on(stock.release, {
      key,
      decide: (state, input, { operation }) => {
        if (state?.state !== 'reserved') return { outcome: succeeded() }
        return {
          outcome: succeeded(),
          state: { ...state, state: 'released' },
          entries: [{ operation, key: input.key, step: 'reserve', amount: -1, token: state.token }],
          release: [labelOf(input)],
        }
      },
    }),
    hand: item.on(stock.hand, {
      key,
      decide: (state, { key: itemKey, token }, { operation }) => ({
        outcome: succeeded(),
        state: { key: itemKey, token, state: 'handed', version: state?.version ?? 0 },
        entries: [{ operation, key: itemKey, step: 'hand', amount: 1, token }],
      }),
    }),
  }
}

interface Filing extends HandlerContext {
  readonly tx: Transaction
  readonly input: Parcel & Token
}

function paperHandlers(probe: Probe, world: World) {
  const ledger = ledgerIn(probe)
  const entered = async ({ tx, input, operation }: Filing, amount: number): Promise<void> => {
    const { key: paperKey, token } = input
    await ledger.append(tx, [{ operation, key: paperKey, step: 'file', amount, token }])
  }
  return {
    file: transaction(stock.file, {
      handle: async (call) => {
        const { tx, input, operation } = call
        await tx.query(PAPER_INSERT, [input.key, input.token])
        await entered(call, 1)
        if (input.scene === 'unfiled') return rejected('unfiled', {})
        if (input.scene === 'paid' && (await world.isFirst(operation)))
          throw new Error('the papers are not to be found')
        return succeeded({})
      },
    }),
    unfile: transaction(stock.unfile, {
      handle: async (call) => {
        const { count } = await call.tx.query(PAPER_DELETE, [call.input.key])
        if (count > 0) await entered(call, -1)
        return succeeded()
      },
    }),
  }
}

function signHandlers() {
  return {
    sign: transaction(stock.sign, {
      handle: async ({ tx, input, operation, now }) => {
        await tx.query(SIGNATURE_INSERT, [input.key, operation])
        return deferred({ until: now + SIGN_WITHIN_MS })
      },
      withdraw: async ({ tx, input }) => {
        const { count } = await tx.query(SIGNATURE_MOVE, [input.key, 'withdrawn'])
        return count > 0 ? { status: 'withdrawn' } : succeeded({})
      },
    }),
  }
}

/** Signs where somebody waits for it: answers the operation that is to be settled in the same transaction. */
export async function sign(tx: Transaction, itemKey: string): Promise<string | null> {
  const { rows } = await tx.query(SIGNATURE_MOVE, [itemKey, 'signed'])
  const operation = rows[0]?.['operation']
  return typeof operation === 'string' ? operation : null
}

// Owns: the orchestrator's saga rows in SQL. Does not own their state (core/kernel).
// I1: `status` repeats what `state` says, so that what has ended can be found without reading states.
import type { Cancel, SagaState } from '@ensemble/core'
import type { SagaRow, SagaStore } from '@ensemble/runtime'
import { distinct, integer, jsonOrNull, jsonText, sorted, text, textOrNull, timeText } from './columns.ts'
import type { Columns } from './columns.ts'
import { statement } from './statements.ts'

const LOAD = statement('saga_load')
const INSERT = statement('saga_insert')
const UPDATE = statement('saga_update')
const PRUNE = statement('saga_prune')

export const sagaStore: SagaStore = {
  load: async (tx, given) => {
    if (given.length === 0) return []
    const ids = distinct(given, ({ plan, id }) => `${plan}/${id}`)
    const { rows } = await tx.query(LOAD, [ids.map(({ plan }) => plan), ids.map(({ id }) => id)])
    return rows.map(sagaOf)
  },

  insert: async (tx, given) => {
    if (given.length === 0) return
    await tx.query(INSERT, columnsOf(sorted(given, ({ plan, id }) => `${plan}/${id}`)))
  },

  update: async (tx, given) => {
    if (given.length === 0) return
    // Rows need not have been loaded, which locks them in this order.
    const rows = sorted(given, ({ plan, id }) => `${plan}/${id}`)
    await tx.query(UPDATE, [...columnsOf(rows), rows.map(({ version }) => version), rows.length])
  },

  prune: async (tx, { before, countMax }) => (await tx.query(PRUNE, [timeText(before), countMax])).count,
}

function columnsOf(rows: readonly SagaRow[]): readonly unknown[] {
  return [
    rows.map(({ plan }) => plan),
    rows.map(({ id }) => id),
    rows.map(({ state }) => state?.phase.at ?? 'early'),
    rows.map(({ state }) => jsonText(state)),
    rows.map(({ wish }) => jsonText(wish)),
    rows.map(({ parked }) => parked),
  ]
}

function sagaOf(row: Columns): SagaRow {
  return {
    plan: text(row, 'plan'),
    id: text(row, 'id'),
    state: jsonOrNull<SagaState>(row, 'state'),
    wish: jsonOrNull<Cancel>(row, 'wish'),
    parked: textOrNull(row, 'parked'),
    version: integer(row, 'version'),
  }
}

// Owns: what a withdraw does to the picture: the operation table's second column, and the rule of a deferred
// operation. Pure.
import type { Answer } from '@ensemble/core'
import { EnsembleError } from '../errors.ts'
import type { TransactionHandler } from '../handlers.ts'
import { withdrawOf } from '../letters.ts'
import type { OperationRow } from '../ports.ts'
import { answer, note, type Pending, type Shop } from './answer.ts'
import { onWithdraw, sentAgain } from './operation.ts'
import { ownerOf, tooOld, type Said, type TransactionCall } from './pending.ts'
import type { Picture } from './picture.ts'
import { applyChange, pendingOf, runRule, type RuleCall } from './rules.ts'
import { validInput, type WithdrawWork } from './work.ts'

export function decideWithdraw(shop: Shop, picture: Picture, work: WithdrawWork): TransactionCall | null {
  const { ask, saga, cancel, supply } = work
  const row = picture.operation(ask.operation)
  const action = onWithdraw(row, work)
  switch (action.do) {
    case 'withdraw':
      if (row === undefined && ask.issuedAt < picture.loaded.horizon) {
        tooOld(shop, picture, work, ask.issuedAt)
        return null
      }
      answer(
        shop,
        picture,
        withdrawnPending(shop, work, row),
        supply ?? { status: 'withdrawn', reason: cancel.reason },
      )
      return null
    case 'note':
      if (row !== undefined && row.wish === null) picture.putOperation({ ...row, wish: cancel })
      return null
    case 'ask the rule':
      return row === undefined ? null : withdrawDeferred(shop, picture, work, row)
    case 'answer again':
      if (row !== undefined) picture.messages.push(...sentAgain(row, 0))
      return null
    case 'forward':
      picture.messages.push(withdrawOf({ saga, plan: work.plan, ask: action.ask }, cancel, work.issuedAt))
      return null
    case 'refuse':
      note(shop, picture, work, {
        type: 'cancel-refused',
        attempt: 0,
        detail: `${cancel.reason}: ${action.reason}`,
      })
      return null
    case 'ignore':
      return null
    default:
      return action satisfies never
  }
}

function withdrawnPending(shop: Shop, work: WithdrawWork, row: OperationRow | undefined): Pending {
  // A supplied outcome is no wish to go back, and takes none back.
  const wish = work.supply === null ? work.cancel : (row?.wish ?? null)
  if (row !== undefined && row.origin !== null) return { ...pendingOf(shop, row), wish }
  const { handler, saga, ask } = work
  const { owner, key } = ownerOf(work)
  return { ref: handler.ref, saga, ask, slip: null, wish, owner, key, row, origin: null }
}

function withdrawDeferred(
  shop: Shop,
  picture: Picture,
  work: WithdrawWork,
  row: OperationRow,
): TransactionCall | null {
  const { handler, cancel, supply, ask, saga } = work
  const pending = { ...pendingOf(shop, row), wish: supply === null ? cancel : null }
  // What cannot be decided here must not be asked: a rule in SQL has written by then.
  if (pending.slip !== null) shop.plans.find(pending.saga.plan, pending.slip.state)
  const said = (outcome: Said | { readonly status: 'withdrawn' }): void => {
    const withdrawn: Answer = supply ?? { status: 'withdrawn', reason: cancel.reason }
    if (outcome.status !== 'deferred')
      answer(shop, picture, pending, outcome.status === 'withdrawn' ? withdrawn : outcome)
  }
  const input = validInput(handler.ref, work.input)
  if (handler.form === 'aggregate' && handler.withdraw !== null) {
    const call: RuleCall = {
      group: handler.group,
      rule: handler.rule,
      decide: handler.withdraw,
      input,
      operation: ask.operation,
      saga,
      extra: { cancel },
    }
    const ran = runRule(picture, call)
    if (ran === null) return null
    refuseUndecided(ran.change.outcome)
    applyChange(shop, picture, { ...call, key: ran.key }, ran.change)
    said(ran.change.outcome)
    return null
  }
  if (handler.form !== 'transaction' || handler.withdraw === null) {
    throw new EnsembleError(
      'HOST_MISCONFIGURED',
      `${ask.participant}.${ask.request} is deferred without a withdraw rule`,
    )
  }
  const { withdraw } = handler
  const asked: TransactionHandler = {
    ...handler,
    handle: async (call) =>
      ({ ...(await withdraw({ ...call, cancel })) }) as Awaited<ReturnType<TransactionHandler['handle']>>,
  }
  return { handler: asked, input, operation: ask.operation, saga, accepts: refuseUndecided, conclude: said }
}

function refuseUndecided({ status }: Said | { readonly status: 'withdrawn' }): void {
  if (status !== 'withdrawn' && status !== 'succeeded')
    throw new TypeError('a withdraw rule answers withdrawn or succeeded')
}

// What the simulator is told about the shop: who buys what, and what must be true in the end.
// region selling
import type { Plan } from '@ensemble/core'
import { simulation, type Left, type Script, type Subject } from '@ensemble/simulator'
import { accountRows, accountService, ITEMS, LIMIT, shelfRows, stockService, type Sale } from './sale.ts'

/** Few customers and one item, so that sales meet. */
export function selling(plan: Plan<Sale>): Subject {
  const input: Script<Sale>['input'] = ({ chance }) => ({
    customer: chance.pick(['ann', 'bob']),
    item: 'lamp',
    amount: chance.int(10, 80),
  })
  return simulation({
    name: plan.name,
    services: [accountService, stockService],
    sagas: [{ plan, input }],
    check: (left) => [...wrongAccounts(left), ...wrongShelves(left)],
  })
}

function wrongAccounts({ sagas, states }: Left<Sale>): readonly string[] {
  return states(accountRows).flatMap(({ customer, held, owed }) => {
    const bought = sagas.filter(({ status, input }) => status === 'completed' && input.customer === customer)
    const due = bought.reduce((sum, { input }) => sum + input.amount, 0)
    if (owed > LIMIT) return [`${customer} owes ${owed}, at most ${LIMIT} are allowed`]
    const isRight = owed === due && held === 0
    return isRight ? [] : [`${customer} owes ${owed} and holds ${held}, but has bought for ${due}`]
  })
}

function wrongShelves({ sagas, states }: Left<Sale>): readonly string[] {
  const sold = sagas.filter(({ status }) => status === 'completed').length
  return states(shelfRows).flatMap(({ left, reserved }) =>
    left === ITEMS - sold && reserved === 0 ? [] : [`${sold} sold, ${left} left, ${reserved} reserved`],
  )
}
// endregion

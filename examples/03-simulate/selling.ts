// What the simulator is told about the shop: who buys what, and what must be true in the end.
// region selling
import type { Plan } from '@ensemble/core'
import { simulation, type Subject } from '@ensemble/simulator'
import { accountRows, accountService, ITEMS, LIMIT, shelfRows, stockService, type Sale } from './sale.ts'

/** Few customers and one item, so that sales meet. */
export function selling(plan: Plan<Sale>): Subject {
  return simulation({
    name: plan.name,
    services: [accountService, stockService],
    sagas: [
      {
        plan,
        input: ({ chance }) => ({
          customer: chance.pick(['ann', 'bob']),
          item: 'lamp',
          amount: chance.int(10, 80),
        }),
      },
    ],
    check: ({ sagas, states }) => {
      const sold = sagas.filter(({ status }) => status === 'completed').map(({ input }) => input)
      const wrong = states(accountRows).flatMap(({ customer, held, owed }) => {
        const bought = sold.filter((sale) => sale.customer === customer)
        const due = bought.reduce((sum, { amount }) => sum + amount, 0)
        return [
          ...(owed > LIMIT ? [`${customer} owes ${owed}, at most ${LIMIT} are allowed`] : []),
          ...(owed === due && held === 0
            ? []
            : [`${customer} owes ${owed}, holds ${held}, bought for ${due}`]),
        ]
      })
      const shelves = states(shelfRows).filter(
        ({ left, reserved }) => reserved !== 0 || left !== ITEMS - sold.length,
      )
      return [
        ...wrong,
        ...shelves.map((shelf) => `sold ${sold.length}, on the shelf ${JSON.stringify(shelf)}`),
      ]
    },
  })
}
// endregion

// Owns: `npm run diagram -- <saga> [--reactions]`: the Mermaid flowchart of a plan, or who reacts to what in it.
import { mermaid, reactionTable, type Plan } from '@ensemble/core'
import { placeOrder, registerUser } from '@ensemble/service-contracts'

const PLANS: ReadonlyMap<string, () => readonly [diagram: string, reactions: string]> = new Map([
  [placeOrder.name, () => drawn(placeOrder)],
  [registerUser.name, () => drawn(registerUser)],
])
const REACTIONS_FLAG = '--reactions'

function drawn<Input>(plan: Plan<Input>): readonly [string, string] {
  return [mermaid(plan), reactionTable(plan)]
}

const args = process.argv.slice(2)
const [name = '', ...more] = args.filter((argument) => argument !== REACTIONS_FLAG)
const plan = PLANS.get(name)
if (plan === undefined || more.length > 0) {
  console.error(`usage: npm run diagram -- <${[...PLANS.keys()].join('|')}> [${REACTIONS_FLAG}]`)
  process.exitCode = 1
} else {
  const [diagram, reactions] = plan()
  console.log(args.includes(REACTIONS_FLAG) ? reactions : diagram)
}

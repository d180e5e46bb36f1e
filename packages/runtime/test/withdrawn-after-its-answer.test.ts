// A check that an orchestrator asked is answered without a row, so a withdraw that comes after its answer is answered,
// too. Both were said under one id, and who keeps messages by their ids kept one of the two facts.
import { expect, it } from 'vitest'
import { Bench, lines } from './bench.ts'

const RUN = 'bench/x/s1/run'

it('given a check that was answered, when it is withdrawn, then that is said under another id, each time', async () => {
  const bench = new Bench({ pattern: 'orchestration', kind: 'check' })
  expect(lines(await bench.deliver(bench.run))).toEqual([`${RUN}#answer succeeded`])
  const withdrawn = [`${RUN}#answer~withdrawn withdrawn`]
  expect(lines(await bench.deliver(bench.withdraw()))).toEqual(withdrawn)
  expect(lines(await bench.deliver(bench.withdraw()))).toEqual(withdrawn)
  expect(lines(await bench.deliver(bench.run))).toEqual(withdrawn)
})

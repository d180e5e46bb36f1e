// Owns: the order saga on DBOS: a workflow of steps, its record in a system database on the same server.
// Steps are plain ones: the datasource packages that can be had are made for DBOS 4 and do not start with 5.3.
import { DBOS } from '@dbos-inc/dbos-sdk'
import { playRound, type End, type Saga } from './round.ts'
import { openQueries, steps } from './steps.ts'

/** As many as the server and the callers can use. */
const POOL_SIZE = 20

await playRound('dbos', async ({ url }) => {
  const system = new URL(url)
  system.pathname = `${system.pathname}_sys`
  const { query, close } = openQueries(url)
  const place = DBOS.registerWorkflow(
    async (saga: Saga): Promise<End> => {
      await DBOS.runStep(async () => void (await steps.open(query, saga)), { name: 'open' })
      await DBOS.runStep(async () => void (await steps.prepare(query, saga)), { name: 'prepare' })
      if (await DBOS.runStep(() => steps.charge(query, saga), { name: 'charge' })) {
        await DBOS.runStep(async () => void (await steps.complete(query, saga)), { name: 'complete' })
        return 'completed'
      }
      await DBOS.runStep(async () => void (await steps.cancel(query, saga)), { name: 'cancel' })
      await DBOS.runStep(async () => void (await steps.fail(query, saga)), { name: 'fail' })
      return 'compensated'
    },
    { name: 'place' },
  )
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: system.href,
    systemDatabasePoolSize: POOL_SIZE,
    logLevel: 'error',
  })
  await DBOS.launch()
  return {
    run: async (saga) => {
      const handle = await DBOS.startWorkflow(place, { workflowID: saga.id })(saga)
      return await handle.getResult()
    },
    stop: async () => {
      await DBOS.shutdown()
      await close()
    },
  }
})

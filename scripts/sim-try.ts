import { generated, run } from '@ensemble/simulator'
const [from = '1', count = '20', trace = ''] = process.argv.slice(2)
const begin = performance.now()
let bad = 0
for (let seed = Number(from); seed < Number(from) + Number(count); seed += 1) {
  const t = performance.now()
  const result = await run({ seed, subject: generated, keepsTrace: trace !== '' })
  const ms = performance.now() - t
  if (trace === 'all') console.log(result.trace.join('\n'))
  if (result.violations.length > 0 || trace !== '') {
    bad += 1
    console.log(
      seed,
      ms.toFixed(0) + 'ms',
      result.events,
      'events',
      result.sagas,
      'sagas',
      result.hash,
      JSON.stringify(result.scenario.weights),
      result.scenario.shape.layout,
      result.scenario.shape.isolation,
      result.scenario.shape.instances,
    )
    for (const one of result.violations.slice(0, 6)) console.log('   ', one.slice(0, 300))
  }
}
console.log(bad, 'bad;', ((performance.now() - begin) / Number(count)).toFixed(1), 'ms per seed')

// What tests, the demo and the benchmarks start.
export { startAllInOne } from './all-in-one.ts'
export type { AllInOne, AllInOneEnvironment, AllInOneOptions } from './all-in-one.ts'
export { callToTry } from './try.ts'
export { keepAlive } from './reviver.ts'
export { SERVICE_NAMES, SERVICES } from './services.ts'

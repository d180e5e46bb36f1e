// The public names of the simulator: running a subject from a seed, and what a subject is.
export type { Chance } from './chance.ts'
export { endOf } from './checks/sagas.ts'
export { SITUATIONS } from './coverage.ts'
export type { Evidence } from './evidence.ts'
export { generated } from './generated/subject.ts'
export { run } from './run.ts'
export type { RunOptions, RunResult } from './run.ts'
export type { Answered, Beginning, Deployment, Subject, Visit, Witnessed } from './subject.ts'

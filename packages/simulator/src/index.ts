// The public names of the simulator: running a subject from a seed, and what a subject is.
export { SITUATIONS } from './coverage.ts'
export { generated } from './generated/subject.ts'
export { run } from './run.ts'
export type { RunOptions, RunResult } from './run.ts'
export type { Beginning, Deployment, Subject, Visit, Witnessed } from './subject.ts'

export { run } from './run.ts'
export type { RunOptions, RunResult } from './run.ts'
export { generated } from './generated/subject.ts'

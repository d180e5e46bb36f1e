// The hasty sale, for `npm run sim -- examples/03-simulate/wrong.ts --seeds 200`: it fails.
import { hastySale } from './sale.ts'
import { selling } from './selling.ts'

export const subject = selling(hastySale)

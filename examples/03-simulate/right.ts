// The corrected sale, for `npm run sim -- examples/03-simulate/right.ts --seeds 200`: it passes.
import { sale } from './sale.ts'
import { selling } from './selling.ts'

export const subject = selling(sale)

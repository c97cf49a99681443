// Lets a worker thread run the TypeScript sources (tests, benchmarks and examples in this repository do):
// on Node 20 `--import tsx` registers its loader in the main thread only.
import { register } from 'tsx/esm/api'

register()

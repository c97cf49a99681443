export { Adam, AdamW, type AdamOptions } from './adam.ts'
export {
  Optimizer,
  type ActiveGroup,
  type OptimizedParameter,
  type OptimizerStateDict,
  type ParamGroup,
  type Update,
  type UpdateContext,
} from './optimizer.ts'
export { SGD, type SGDOptions } from './sgd.ts'

import type { Module } from '../../../src/nn/module.ts'
import type { Library } from '../support/library.ts'

export function network(library: Library, name: string): Promise<Module> | Module
export function tenSteps(
  library: Library,
  model: Module,
  options: { readonly device: string; readonly size: number; readonly start: string; readonly lr: number },
): Promise<number[]>
export function furthest(
  library: Library,
  model: Module,
  end: string,
): Promise<{ readonly key: string; readonly difference: number }>

import { defineConfig } from 'vitest/config'

const conditions = ['onnx-finetune-source', 'module', 'node', 'development|production', 'import', 'default']

/** These replace a module for themselves: `vi.mock`. */
const mocking = [
  'test/platform/full-disk.test.ts',
  'test/runtime/auto-in-a-page.test.ts',
  'test/runtime/cuda-operators.test.ts',
  'test/train/full-disk.test.ts',
]

const shared = {
  resolve: {
    conditions,
    alias: {
      './node-worker-entry.ts': new URL('test/support/built-worker-entry.ts', import.meta.url).pathname,
    },
  },
  ssr: { resolve: { conditions } },
}

const test = {
  globalSetup: 'test/support/build-node.ts',
  pool: 'forks' as const,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Loader workers run the TypeScript sources too: they inherit these flags.
  execArgv: ['--conditions=onnx-finetune-source', '--import', 'tsx'],
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        ...shared,
        test: {
          ...test,
          name: 'shared',
          include: ['test/**/*.test.ts'],
          // Those of test/web are for browsers: vitest.web.config.ts.
          exclude: ['test/web/**', ...mocking],
          // Half of the time was taken by processes and modules that each file started and loaded anew.
          isolate: false,
        },
      },
      { ...shared, test: { ...test, name: 'mocking', include: mocking } },
    ],
  },
})

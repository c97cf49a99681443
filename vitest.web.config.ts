import { defineConfig } from 'vitest/config'

const conditions = ['onnx-finetune-source', 'module', 'node', 'development|production', 'import', 'default']

/** They measure how long the page's thread is busy, which other work on this machine would add to. */
const alone = ['test/web/smooth.test.ts', 'test/web/page-smooth.test.ts']

const project = (name: string, groupOrder: number, maxWorkers: number, files: object) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    ...files,
    name,
    globalSetup: 'test/web/support/setup.ts',
    env: {
      // What is made in a second is soon fast enough here: to compile ONNX Runtime's WebAssembly better takes many.
      CHROMIUM_ARGS: '--js-flags=--liftoff-only',
    },
    pool: 'forks' as const,
    isolate: false,
    maxWorkers,
    sequence: { groupOrder },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    execArgv: ['--conditions=onnx-finetune-source', '--import', 'tsx'],
  },
})

/** Tests in browsers, of what `npm run build` made. */
export default defineConfig({
  test: {
    projects: [
      project('alone', 0, 1, { include: alone }),
      project('beside', 1, 2, { include: ['test/web/**/*.test.ts'], exclude: alone }),
    ],
  },
})

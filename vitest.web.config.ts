import { defineConfig } from 'vitest/config'

const conditions = ['onnx-finetune-source', 'module', 'node', 'development|production', 'import', 'default']

/** Tests in browsers, of what `npm run build` made: one after the other, since each takes all of the machine. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/web/**/*.test.ts'],
    globalSetup: 'test/web/support/setup.ts',
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    execArgv: ['--conditions=onnx-finetune-source', '--import', 'tsx'],
  },
})

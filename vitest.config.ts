import { defineConfig } from 'vitest/config'

const conditions = ['onnx-finetune-source', 'module', 'node', 'development|production', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    // Those are for browsers: vitest.web.config.ts.
    exclude: ['test/web/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Engine and loader workers run the TypeScript sources too: they inherit these flags.
    execArgv: ['--conditions=onnx-finetune-source', '--import', 'tsx'],
  },
})

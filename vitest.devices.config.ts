import { existsSync } from 'node:fs'

import { defineConfig } from 'vitest/config'

const conditions = ['onnx-finetune-source', 'module', 'node', 'development|production', 'import', 'default']

/** A software driver that comes with Debian's Chromium, for machines without a graphics card. */
const driver = process.env.VK_ICD_FILENAMES ?? '/usr/lib/chromium/vk_swiftshader_icd.json'

/** The public suites of operators, layers, losses and optimizers, on the devices besides the CPU, which `npm test` runs them on. */
export default defineConfig({
  test: {
    projects: (['wasm', 'webgpu'] as const).map((device) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions } },
      test: {
        name: device,
        include: ['test/{ops,nn,optim,autodiff}/*.test.ts'],
        // Those run no graph.
        exclude: ['**/{lr-scheduler,rename-keys,conv-lifetime,differentiate}.test.ts'],
        env: {
          ONNX_FINETUNE_TEST_DEVICE: device,
          ...(existsSync(driver) && { VK_ICD_FILENAMES: driver }),
        },
        pool: 'forks',
        isolate: false,
        testTimeout: 60_000,
        execArgv: ['--conditions=onnx-finetune-source', '--import', 'tsx'],
      },
    })),
    maxWorkers: 2,
  },
})

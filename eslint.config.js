import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import importX from 'eslint-plugin-import-x'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

// The direction of imports: a folder may import only from those above it in this list
// (the layers of docs/architecture.md). `platform` is reached through `#platform` alone.
const layers = [
  'core',
  'graph',
  'ops',
  'autodiff',
  'nn',
  'optim',
  'runtime',
  'data',
  'vision',
  'io',
  'train',
  'cli',
]

// Beyond the order: pairs that are above each other but must not know each other.
const strangers = {
  data: ['graph', 'ops', 'autodiff', 'nn', 'optim', 'runtime'],
  runtime: [],
  optim: [],
  vision: ['runtime', 'optim', 'autodiff'],
  io: ['runtime', 'optim', 'autodiff', 'data'],
}

const zones = layers.flatMap((layer, index) => {
  const forbidden = [...layers.slice(index + 1), ...(strangers[layer] ?? [])]
  return forbidden.map((other) => ({
    target: `./src/${layer}`,
    from: `./src/${other}`,
    message: `src/${layer} must not import src/${other}: see docs/architecture.md`,
  }))
})

export default defineConfig(
  { ignores: ['**/dist/', 'docs/api/', 'coverage/', 'out/'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  prettier,
  {
    plugins: { 'import-x': importX },
    languageOptions: {
      parserOptions: {
        // 58 s, where projectService takes 68.
        project: './tsconfig.json',
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-default-export': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // An index known to be in range is asserted with `!`: noUncheckedIndexedAccess asks for it everywhere.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    // The command line runs on Node only: it may use what Node has, but ONNX Runtime only through the library.
    ignores: ['src/platform/node*.ts', 'src/cli/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*', 'onnxruntime-*'], allowTypeImports: true }] },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/core/async-dispose.ts', 'src/cli/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['dispose', 'asyncDispose'].map((property) => ({
          object: 'Symbol',
          property,
          message: 'Not in all browsers: see src/core/async-dispose.ts.',
        })),
      ],
    },
  },
  { files: ['*.js', '*.ts'], rules: { 'import-x/no-default-export': 'off' } },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // They run in pages.
    files: ['test/web/**/*.js', 'bench/web/**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'atob',
          'document',
          'File',
          'location',
          'navigator',
          'performance',
          'PerformanceObserver',
          'setTimeout',
          'URL',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
)

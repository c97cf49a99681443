import { useSignal } from '@preact/signals'

import { notify } from '../state/notices.ts'

// Plain JavaScript of Node 20, which knows no `await using`.
const node = (picture: string) => `// npm install onnx-finetune onnxruntime-node
import { loadClassifier } from 'onnx-finetune'

const classifier = await loadClassifier('model.onnx')
for (const { label, probability } of await classifier.predict('${picture}')) {
  console.log(label, probability)
}
await classifier.close()`

const page = `// npm install onnx-finetune onnxruntime-web
import { loadClassifier } from 'onnx-finetune'

const classifier = await loadClassifier('/model.onnx')
const input = document.querySelector('input[type=file]')
input.onchange = async () => {
  const bytes = new Uint8Array(await input.files[0].arrayBuffer())
  const [best] = await classifier.predict(bytes)
  alert(\`\${best.label}: \${(100 * best.probability).toFixed(1)} %\`)
}`

/** Code that uses the model, in Node and in a page. */
export function Snippets({ classes }: { readonly classes: readonly string[] }) {
  return (
    <div class="block">
      <h3>Use it</h3>
      <Snippet title="In Node.js" code={node(`${fileNameOf(classes[0] ?? 'picture')}.jpg`)} />
      <Snippet title="In a page" code={page} />
    </div>
  )
}

function Snippet({ title, code }: { readonly title: string; readonly code: string }) {
  const isCopied = useSignal(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code)
      isCopied.value = true
      setTimeout(() => (isCopied.value = false), 2000)
    } catch {
      notify('warning', 'The browser doesn’t let this page copy: mark the text and copy it yourself.')
    }
  }
  return (
    <figure class="snippet">
      <figcaption>
        {title}
        <button
          type="button"
          class="small"
          aria-label={`Copy the code: ${title}`}
          onClick={() => void copy()}
        >
          <span role="status">{isCopied.value ? 'Copied' : 'Copy'}</span>
        </button>
      </figcaption>
      {/* Reachable by keyboard, since it may have to be scrolled. */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </figure>
  )
}

function fileNameOf(name: string): string {
  return name.replace(/[^\w-]+/g, '-')
}

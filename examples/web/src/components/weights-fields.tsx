import { keepWeights } from '../library/weights-file.ts'
import { notifyError } from '../state/notices.ts'
import { change, problems, settings } from '../state/settings.ts'
import type { WeightsSource } from '../library/networks.ts'
import { Field, Select, TextField } from './field.tsx'
import { FileButton } from './file-button.tsx'

const sources = [
  { value: 'imagenet', label: 'ImageNet, from PyTorch’s server' },
  { value: 'url', label: 'From an address' },
  { value: 'file', label: 'From a file' },
  { value: 'none', label: 'None: start from nothing' },
]

/** Where a ResNet's weights come from. */
export function WeightsFields() {
  const { weights, url, fileName } = settings.value
  return (
    <>
      <Select
        id="weights"
        label="Its weights"
        choices={sources}
        value={weights}
        hint={
          weights === 'none' ? 'Without weights it needs thousands of pictures and a long time.' : undefined
        }
        onChange={(value) => {
          change({ weights: value as WeightsSource })
        }}
      />
      {weights === 'url' && (
        <TextField
          id="url"
          label="Address of the weights"
          inputMode="url"
          value={url}
          problem={problems.value.url}
          hint="A .pth or .safetensors file with torchvision’s names; its server must allow other pages (CORS)."
          onChange={(value) => {
            change({ url: value })
          }}
        />
      )}
      {weights === 'file' && (
        <Field id="weights-file" label="Weights file" problem={problems.value.fileName}>
          {() => (
            <span class="buttons">
              <FileButton
                name="weights-file"
                accept=".pth,.pt,.safetensors"
                onFiles={([file]) => void take(file!)}
              >
                Choose a file
              </FileButton>
              <span>{fileName}</span>
            </span>
          )}
        </Field>
      )}
    </>
  )
}

async function take(file: File): Promise<void> {
  try {
    await keepWeights(file)
    change({ fileName: file.name })
  } catch (error) {
    notifyError(error, 'The weights file can’t be kept: ')
  }
}

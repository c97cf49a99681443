import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'

/** What a {@link FileButton} picks. */
interface FileButtonProps {
  readonly accept?: string
  readonly multiple?: boolean
  /** A whole folder. */
  readonly folder?: boolean
  readonly disabled?: boolean
  readonly class?: string
  /** Names the input for tests and styles. */
  readonly name: string
  readonly onFiles: (files: readonly File[]) => void
  readonly children: ComponentChildren
}

/** A button that opens the file picker. */
export function FileButton({
  accept,
  multiple,
  folder,
  disabled,
  name,
  onFiles,
  children,
  ...rest
}: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null)
  const onChange = () => {
    const { files } = input.current!
    const chosen = Array.from(files ?? [])
    // The same choice again is a change too.
    input.current!.value = ''
    if (chosen.length > 0) onFiles(chosen)
  }
  return (
    <>
      <button
        type="button"
        class={rest.class}
        disabled={disabled}
        onClick={() => {
          input.current!.click()
        }}
      >
        {children}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        name={name}
        accept={accept}
        multiple={multiple}
        {...(folder && { webkitdirectory: true })}
        onChange={onChange}
      />
    </>
  )
}

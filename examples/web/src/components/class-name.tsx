import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

import { addedClass, problemWithName, renameClass } from '../state/edit-data.ts'

/** A class's name, which can be changed. */
export function ClassName({ name, isLocked }: { readonly name: string; readonly isLocked: boolean }) {
  const input = useRef<HTMLInputElement>(null)
  const problem = useSignal<string | undefined>(undefined)
  useEffect(() => {
    if (addedClass.peek() !== name) return
    addedClass.value = undefined
    input.current!.focus()
    input.current!.select()
  }, [])
  const onChange = (event: Event) => {
    const wanted = (event.target as HTMLInputElement).value.trim()
    problem.value = problemWithName(wanted, name)
    if (problem.value === undefined) void renameClass(name, wanted)
  }
  const id = `problem-${name}`
  return (
    <span class="class-name">
      <input
        ref={input}
        type="text"
        aria-label={`Name of the class ${name}`}
        value={name}
        disabled={isLocked}
        aria-invalid={problem.value !== undefined}
        aria-describedby={problem.value === undefined ? undefined : id}
        onChange={onChange}
      />
      {problem.value !== undefined && (
        <span id={id} class="problem" role="alert">
          {problem.value}
        </span>
      )}
    </span>
  )
}

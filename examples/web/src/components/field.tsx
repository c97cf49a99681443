import type { ComponentChildren } from 'preact'

interface FieldProps {
  readonly id: string
  readonly label: string
  readonly problem?: string | undefined
  readonly hint?: string | undefined
  /** Gets the attributes that tie it to its messages. */
  readonly children: (attributes: FieldAttributes) => ComponentChildren
}

interface FieldAttributes {
  readonly id: string
  readonly 'aria-invalid': boolean
  readonly 'aria-describedby': string | undefined
}

/** A label, a control, and below it what is wrong or worth knowing. */
export function Field({ id, label, problem, hint, children }: FieldProps) {
  const message = problem ?? hint
  const attributes: FieldAttributes = {
    id,
    'aria-invalid': problem !== undefined,
    'aria-describedby': message === undefined ? undefined : `${id}-message`,
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(attributes)}
      {message !== undefined && (
        <p id={`${id}-message`} class={problem === undefined ? 'hint' : 'problem'}>
          {message}
        </p>
      )}
    </div>
  )
}

interface Choice {
  readonly value: string
  readonly label: string
}

/** A field to choose one of a few. */
export function Select({
  choices,
  value,
  onChange,
  ...field
}: Omit<FieldProps, 'children'> & {
  readonly choices: readonly Choice[]
  readonly value: string
  readonly onChange: (value: string) => void
}) {
  return (
    <Field {...field}>
      {(attributes) => (
        <select
          {...attributes}
          value={value}
          onChange={(event) => {
            onChange(event.currentTarget.value)
          }}
        >
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** A field for a number or a text. */
export function TextField({
  value,
  onChange,
  inputMode,
  ...field
}: Omit<FieldProps, 'children'> & {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly inputMode: 'numeric' | 'decimal' | 'url'
}) {
  return (
    <Field {...field}>
      {(attributes) => (
        <input
          {...attributes}
          type="text"
          inputMode={inputMode}
          autoComplete="off"
          value={value}
          onInput={(event) => {
            onChange(event.currentTarget.value)
          }}
        />
      )}
    </Field>
  )
}

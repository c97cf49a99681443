import { dismiss, notices } from '../state/notices.ts'

/** What went wrong or should be known, until it is closed. */
export function Notices() {
  return (
    <div class="notices" role="alert">
      {notices.value.map(({ id, kind, text }) => (
        <div key={id} class={`notice ${kind}`}>
          <p>{text}</p>
          <button
            type="button"
            class="icon"
            aria-label="Close this message"
            onClick={() => {
              dismiss(id)
            }}
          >
            ×
          </button>
        </div>
      ))}
    </div>
  )
}

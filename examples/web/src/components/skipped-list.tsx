import { counted } from '../state/counted.ts'
import { skipped } from '../state/data.ts'

/** Files that were not taken, with the reasons. */
export function SkippedList() {
  const list = skipped.value
  if (list.length === 0) return null
  return (
    <details class="skipped" open={list.length < 6}>
      <summary>{counted(list.length, 'file was', 'files were')} left out</summary>
      <ul>
        {list.slice(0, 100).map(({ name, reason }, index) => (
          <li key={index}>
            <strong>{name}</strong>: {reason}
          </li>
        ))}
      </ul>
      {list.length > 100 && <p>… and {list.length - 100} more.</p>}
      <button type="button" class="quiet" onClick={() => (skipped.value = [])}>
        Clear this list
      </button>
    </details>
  )
}

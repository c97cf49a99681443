import { progress, isBusy, phase } from '../state/run.ts'
import { result } from '../state/result.ts'

const sections = [
  ['data', 'Pictures'],
  ['model', 'Settings'],
  ['train', 'Train'],
  ['try', 'Try'],
  ['download', 'Download'],
] as const

/** Title, way to each section, and how far a training is, wherever one looks. */
export function Header() {
  return (
    <header class="top">
      <div class="top-row">
        <h1>Teach a picture classifier</h1>
        <nav aria-label="Sections">
          <ul>
            {sections.map(([id, label]) => (
              <li key={id}>
                <a href={`#${id}`}>
                  {label}
                  {(id === 'try' || id === 'download') && result.value && (
                    <span class="ready" title="ready" />
                  )}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </div>
      {isBusy.value && (
        <div class="top-progress" data-waiting={phase.value === 'preparing'} aria-hidden="true">
          <div style={{ transform: `scaleX(${progress.value?.share ?? 0})` }} />
        </div>
      )}
    </header>
  )
}

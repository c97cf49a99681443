import { useEffect } from 'preact/hooks'

import { filesOfPaste } from '../data/read-drop.ts'
import { activeClass } from '../state/data.ts'
import { takeIn } from '../state/import.ts'
import { notify } from '../state/notices.ts'
import { isBusy } from '../state/run.ts'
import { DataSection } from './data-section.tsx'
import { DownloadSection } from './download-section.tsx'
import { Header } from './header.tsx'
import { ModelSection } from './model-section.tsx'
import { Notices } from './notices.tsx'
import { TrainSection } from './train-section.tsx'
import { TrySection } from './try-section.tsx'

/** The page: what goes in on the left, what comes out on the right; on a phone one below the other. */
export function App() {
  useEffect(() => {
    document.addEventListener('paste', onPaste)
    return () => {
      document.removeEventListener('paste', onPaste)
    }
  }, [])
  return (
    <>
      <a class="skip" href="#main">
        Skip to the pictures
      </a>
      <Header />
      <main id="main">
        <Notices />
        <div class="columns">
          <div class="column">
            <DataSection />
            <ModelSection />
          </div>
          <div class="column">
            <TrainSection />
            <TrySection />
            <DownloadSection />
          </div>
        </div>
      </main>
      <footer>
        Pictures never leave this machine: the network trains in this page, by{' '}
        <a href="https://onnxruntime.ai">ONNX Runtime</a> and onnx-finetune.
      </footer>
    </>
  )
}

/** Pasted pictures go to the class that was last worked on; where they are to be classified, the section there takes them. */
function onPaste(event: ClipboardEvent): void {
  if (event.defaultPrevented || isBusy.value) return
  const files = event.clipboardData ? filesOfPaste(event.clipboardData) : []
  if (files.length === 0) return
  event.preventDefault()
  if (activeClass.value !== undefined) void takeIn(files, activeClass.value)
  else notify('info', 'Click where the picture is to go, on a class or in “Try”, and paste it again.')
}

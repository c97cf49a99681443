import { useSignal } from '@preact/signals'

import { filesOfDrop } from '../data/read-drop.ts'
import type { IncomingFile } from '../data/picture.ts'

/** Properties of an element that files can be dropped on; `isOver` while they hover above it. */
export function useDrop(onDrop: (files: Promise<IncomingFile[]>) => void, isEnabled = true) {
  // Counts the elements within, each of which is entered and left too.
  const depth = useSignal(0)
  const hasFiles = ({ dataTransfer }: DragEvent) =>
    isEnabled && (dataTransfer?.types.includes('Files') ?? false)
  return {
    isOver: depth.value > 0,
    handlers: {
      onDragEnter: (event: DragEvent) => {
        if (hasFiles(event)) depth.value++
      },
      onDragLeave: (event: DragEvent) => {
        if (hasFiles(event)) depth.value = Math.max(0, depth.value - 1)
      },
      onDragOver: (event: DragEvent) => {
        if (hasFiles(event)) event.preventDefault()
      },
      onDrop: (event: DragEvent) => {
        depth.value = 0
        if (!hasFiles(event)) return
        event.preventDefault()
        event.stopPropagation()
        onDrop(filesOfDrop(event.dataTransfer!))
      },
    },
  }
}

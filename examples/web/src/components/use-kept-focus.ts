import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

/**
 * Keeps the keyboard where it is: when the button of `box` that has the focus goes or is disabled, the one that takes its
 * place gets it, or the first. Without that the next Tab would begin at the top of the page.
 */
export function useKeptFocus(box: RefObject<HTMLElement | null>, goesTo: 'its place' | 'the first'): void {
  /** Place among the buttons of the box; -1 where the focus is elsewhere. */
  const place = useRef(-1)
  const note = () => {
    place.current = buttonsOf(box.current!).indexOf(document.activeElement as HTMLButtonElement)
  }
  useEffect(() => {
    document.addEventListener('focusin', note)
    return () => {
      document.removeEventListener('focusin', note)
    }
  }, [])
  useLayoutEffect(() => {
    const active = document.activeElement
    const isLost = active === null || active === document.body || active.matches(':disabled')
    if (!isLost) note()
    else if (place.current >= 0) {
      const buttons = buttonsOf(box.current!)
      buttons[goesTo === 'the first' ? 0 : Math.min(place.current, buttons.length - 1)]?.focus({
        preventScroll: true,
      })
    }
  })
}

const buttonsOf = (box: HTMLElement) => [...box.querySelectorAll<HTMLButtonElement>('button:not(:disabled)')]

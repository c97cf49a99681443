/** What was there before a reload. */
import { effect } from '@preact/signals'

import { keepClassNames, keptClassNames, keptPictures } from '../storage/picture-store.ts'
import { classLabels, classNames, pictures } from './data.ts'
import { addClasses } from './edit-data.ts'
import { notifyError } from './notices.ts'

/** Brings pictures and classes back, and keeps classes from then on. */
export async function restorePage(): Promise<void> {
  try {
    const kept = await keptPictures()
    const added = pictures.value
    pictures.value = [...kept, ...added]
    const before = classNames.value
    classLabels.value = []
    addClasses([...keptClassNames(), ...kept.map(({ className }) => className), ...before])
  } catch (error) {
    notifyError(error, 'The pictures of the last visit are not there: ')
  }
  effect(() => {
    keepClassNames(classNames.value)
  })
}

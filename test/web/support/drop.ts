import type { Page } from './chromium.ts'

/**
 * Drops files and folders of this machine on an element, as a hand would: the browser makes the `DataTransfer` of their
 * paths, so that folders are folders. `hovering` is done while they are held above it.
 */
export async function dropOn(
  page: Page,
  selector: string,
  paths: readonly string[],
  hovering?: () => Promise<unknown>,
): Promise<void> {
  const element = page.locator(selector).first()
  await element.scrollIntoViewIfNeeded()
  const box = (await element.boundingBox())!
  const session = await page.context().newCDPSession(page)
  // Near the top: a child may take what is dropped on it for itself.
  const place = { x: box.x + box.width / 2, y: box.y + Math.min(10, box.height / 2) }
  const data = { items: [], files: [...paths], dragOperationsMask: 1 }
  const send = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    session.send('Input.dispatchDragEvent', { type, ...place, data })
  await send('dragEnter')
  await send('dragOver')
  await hovering?.()
  await send('drop')
  await session.detach()
}

import type { Page } from './chromium.ts'

/** Puts a PNG picture on the browser's clipboard, and pastes it by the keys, wherever the focus is. */
export async function paste(page: Page, png: Uint8Array): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.evaluate(async (base64) => {
    const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob()
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })])
  }, Buffer.from(png).toString('base64'))
  await page.keyboard.press('Control+V')
}

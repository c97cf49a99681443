/** The application of `examples/web`, built and opened, and what tests do in it. */
import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { newest } from '../../support/build-node.ts'
import type { Browser, Page } from './chromium.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))
const shots = join(root, 'out/web')

/** The folder of the site, on what `npm run build` made; built anew where its sources or the library have changed since. */
export async function builtApp(): Promise<string> {
  const site = join(root, 'out/web-site')
  const builtAt = statSync(join(site, 'index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = ['examples/web', 'examples/shapes', 'dist/web'].map((folder) => join(root, folder))
  const { mtimeMs: installedAt } = statSync(join(root, 'package-lock.json'))
  if (builtAt > Math.max(newest(sources), installedAt)) return site
  const vite = join(root, 'node_modules/.bin/vite')
  await run(vite, ['build', join(root, 'examples/web'), '--outDir', site, '--emptyOutDir'], { cwd: root })
  return site
}

declare const longTasks: { readonly start: number; readonly duration: number }[]

/** Opens it in a profile of its own, and notes errors and the tasks of its thread that took over 50 ms. */
export async function openApp(browser: Browser, url: string): Promise<{ page: Page; errors: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  await page.addInitScript(() => {
    const tasks: { start: number; duration: number }[] = []
    Object.assign(globalThis, { longTasks: tasks })
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) tasks.push({ start: startTime, duration })
    }).observe({ type: 'longtask' })
  })
  await page.goto(url)
  return { page, errors }
}

/** How long each of the page's tasks over 50 ms took that began after a time of its clock. */
export function longTasksSince(page: Page, since: number): Promise<number[]> {
  return page.evaluate(
    (from) => longTasks.filter(({ start }) => start >= from).map(({ duration }) => Math.round(duration)),
    since,
  )
}

/** Writes what is seen to `out/web/NAME.png`, for people to look at. */
export async function shoot(page: Page, name: string): Promise<void> {
  await mkdir(shots, { recursive: true })
  // Bars and plots come to rest; a bar that sticks to the top stays there only at the top.
  await page.evaluate(() => {
    scrollTo({ top: 0, behavior: 'instant' })
  })
  await page.waitForTimeout(400)
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true })
}

/** Gives the folder input a folder, and waits until its pictures are looked at. */
export function chooseFolder(page: Page, folder: string): Promise<void> {
  return untilTaken(page, () => page.locator('input[name=folder]').setInputFiles(folder))
}

/** Gives the page files, and waits until they are looked at. */
export async function untilTaken(page: Page, give: () => Promise<unknown>): Promise<void> {
  const taken = page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        let hasBegun = false
        const observer = new MutationObserver(() => {
          const isThere = document.querySelector('#importing') !== null
          hasBegun ||= isThere
          if (!hasBegun || isThere) return
          observer.disconnect()
          resolve()
        })
        observer.observe(document.querySelector('#data')!, { childList: true, subtree: true })
      }),
  )
  await give()
  await taken
}

/** Waits until the section on training says something. */
export async function waitForText(page: Page, text: RegExp, timeout = 90_000): Promise<void> {
  await page.locator('#train').getByText(text).first().waitFor({ timeout })
}

/** The rows of the table of epochs, as texts. */
export async function epochRows(page: Page): Promise<string[][]> {
  const rows = page.locator('.numbers tbody tr')
  return Promise.all(
    (await rows.all()).map(async (row) => {
      const cells = await row.locator('th, td').allTextContents()
      return cells.map((cell) => cell.replace(' (best so far)', ''))
    }),
  )
}

/** The best share of validation pictures that were right, in percent. */
export function bestAccuracy(rows: readonly (readonly string[])[]): number {
  return Math.max(...rows.map((row) => Number.parseInt(row[4]!)))
}

/** Whether the page can be scrolled sideways. */
export function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
}

import { expect } from 'vitest'

import type { Browser } from './chromium.ts'
import type { FirefoxBrowser } from './firefox.ts'
import type { Server } from './server.ts'

/** What Playwright's and Puppeteer's pages share. */
interface Tab {
  goto(url: string): Promise<unknown>
  evaluate(expression: string): Promise<unknown>
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): unknown
  on(event: 'pageerror', listener: (error: unknown) => void): unknown
  close(): Promise<void>
}

/** A page with the library. */
export class LibraryPage {
  /** What the console and uncaught errors said, which a page that works says nothing of. */
  readonly complaints: string[] = []

  private constructor(
    readonly tab: Tab,
    private readonly server: Server,
  ) {
    tab.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
    tab.on('pageerror', (error) => this.complaints.push(String(error)))
  }

  /** Opens a tab with a page of a server of `serveLibrary`. */
  static async open(
    browser: Pick<Browser | FirefoxBrowser, 'newPage'>,
    server: Server,
  ): Promise<LibraryPage> {
    const page = new LibraryPage((await browser.newPage()) as unknown as Tab, server)
    await page.load()
    return page
  }

  /** Loads the page, or loads it again: nothing that it does goes on then. */
  async load(): Promise<void> {
    await this.tab.goto(this.server.url)
    await this.until('"library" in globalThis')
  }

  /** Calls a function of a module under test/web/pages in the page, with arguments that JSON has. */
  async call<T>(module: string, name: string, ...args: readonly unknown[]): Promise<T> {
    const list = args.map((arg) => JSON.stringify(arg)).join(', ')
    return (await this.tab.evaluate(
      `import('/tests/pages/${module}').then((module) => module.${name}(${list}))`,
    )) as T
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    // Not by waitForFunction: a page's policy may forbid it to evaluate texts.
    while (!(await this.tab.evaluate(expression))) await new Promise((resolve) => setTimeout(resolve, 50))
  }

  /** Closes the tab. Fails if the page complained of anything. */
  async close(): Promise<void> {
    await this.tab.close()
    expect(this.complaints, "the page's console").toEqual([])
  }
}

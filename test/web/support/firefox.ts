import puppeteer, { type Browser, type Page } from 'puppeteer-core'

import { findBrowser } from './find-browser.ts'

export type { Browser as FirefoxBrowser, Page as FirefoxPage }

/** Starts Debian's Firefox, or that of the variable FIREFOX, without a window, by WebDriver BiDi. */
export function openFirefox(): Promise<Browser> {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: findBrowser('FIREFOX', ['firefox-esr', 'firefox']),
    headless: true,
  })
}

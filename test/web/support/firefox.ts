import puppeteer, { type Browser, type Page } from 'puppeteer-core'

export type { Browser as FirefoxBrowser, Page as FirefoxPage }

/** Starts Debian's Firefox, or that of the variable FIREFOX, without a window, by WebDriver BiDi. */
export function openFirefox(): Promise<Browser> {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
  })
}

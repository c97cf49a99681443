import { chromium, type Browser } from 'playwright-core'

import { findBrowser } from './find-browser.ts'

export type { Browser, Page } from 'playwright-core'

/** Starts Debian's Chromium, or that of the variable CHROMIUM, without a window; WebGPU is SwiftShader's. */
export function openChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: findBrowser('CHROMIUM', ['chromium', 'google-chrome']),
    headless: true,
    args: ['--no-sandbox', '--enable-unsafe-webgpu', '--disable-quic', '--no-first-run', ...args],
  })
}

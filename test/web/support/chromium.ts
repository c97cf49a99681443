import { chromium, type Browser } from 'playwright-core'

import { findBrowser } from './find-browser.ts'

/** The browsers that people have. */
export const wholeBrowsers = ['chromium', 'google-chrome']

/** The shell draws nothing that isn't asked for: the whole browser takes a third more time. */
export const chromiumNames = ['chromium-headless-shell', ...wholeBrowsers]

const always = (process.env.CHROMIUM_ARGS ?? '').split(' ').filter((arg) => arg !== '')

export type { Browser, Page } from 'playwright-core'

/**
 * Starts Debian's Chromium, or that of the variable CHROMIUM, without a window; WebGPU is SwiftShader's. `args` come after those
 * of the variable CHROMIUM_ARGS.
 */
export function openChromium(args: readonly string[] = [], names = chromiumNames): Promise<Browser> {
  return chromium.launch({
    executablePath: findBrowser('CHROMIUM', names),
    headless: true,
    args: ['--no-sandbox', '--enable-unsafe-webgpu', '--disable-quic', '--no-first-run', ...always, ...args],
  })
}

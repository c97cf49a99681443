/** The page of `examples/web` in Firefox, which has no WebGPU here: the sample, an epoch, a picture that is tried. */
import { afterAll, beforeAll, expect, it } from 'vitest'

import { builtApp } from './support/app.ts'
import { openFirefox, type FirefoxBrowser } from './support/firefox.ts'
import { serve, type Server } from './support/server.ts'

let firefox: FirefoxBrowser
let server: Server

beforeAll(async () => {
  server = await serve({ roots: { '/': await builtApp() } })
  firefox = await openFirefox()
})

afterAll(() => Promise.all([firefox.close(), server.close()]))

it('draws the sample, trains on it by WebAssembly, and knows its model after a reload', async () => {
  const page = await firefox.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto(server.url)
  const textOf = (selector: string) => page.$eval(selector, (element) => (element as HTMLElement).innerText)

  await page.locator('::-p-text(Draw a sample)').click()
  await page.locator('::-p-text(pictures in)').setTimeout(30_000).wait()
  await page.waitForSelector('#importing', { hidden: true })
  expect(await textOf('#data .summary')).toMatch(
    /^320 pictures in 2 classes: 240 to learn from, 80 to check on/,
  )

  await page.locator('#epochs').fill('1')
  await page.locator('#batch-size').fill('16')
  await page.locator('#learning-rate').fill('0.01')
  await page.locator('#train button.primary').click()
  await page.locator('::-p-text(Done: the best epoch got)').setTimeout(60_000).wait()
  // The device is chosen: there is nothing to choose from here.
  expect(await textOf('#train .device')).toMatch(/^Runs on WebAssembly \(.*no WebGPU/)
  const accuracy = Number(/(\d+)\s%/.exec(await textOf('#train .status'))![1])
  expect(accuracy).toBeGreaterThan(80)

  await page.reload()
  await page.locator('#download ::-p-text(Download .onnx)').wait()
  expect(await page.$eval('#download button', (button) => button.disabled)).toBe(false)
  expect(await textOf('#data .summary')).toMatch(/^320 pictures/)
  expect(complaints).toEqual([])
})

import type { Device } from '../runtime/providers.ts'
import type { WebgpuAdapter } from './platform.ts'

/** Devices that pages have. */
export const devices: readonly Device[] = ['webgpu', 'wasm']

/** The part of `navigator.gpu` that is used here: TypeScript's own DOM types lack it. */
interface Gpu {
  requestAdapter(): Promise<{ readonly info: GpuInfo; readonly isFallbackAdapter?: boolean } | null>
}
interface GpuInfo {
  readonly vendor: string
  readonly architecture: string
  readonly description: string
  readonly isFallbackAdapter?: boolean
}

/** The browser's adapter, in a page or a worker. */
export async function webgpuAdapter(): Promise<WebgpuAdapter | undefined> {
  const { gpu } = globalThis.navigator as { gpu?: Gpu }
  const adapter = await gpu?.requestAdapter().catch(() => null)
  if (!adapter) return undefined
  const { info, isFallbackAdapter } = adapter
  const description = [info.vendor, info.architecture, info.description].filter(Boolean).join(' ')
  // Chromium says so of SwiftShader only where it fell back to it by itself.
  const isSoftware = /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(description)
  return { description, isSoftware: isSoftware || (info.isFallbackAdapter ?? isFallbackAdapter ?? false) }
}

/** Turns an SVG file's text into a PNG with the bundled resvg, without a browser, fonts of the system or the network. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { initWasm, Resvg } from '@resvg/resvg-wasm';

/** Enough that the small print is sharp on a dense screen. */
const zoom = 2;

const resolve = createRequire(import.meta.url).resolve;
const readFont = (weight: number): Uint8Array =>
  readFileSync(resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`));

let engine: Promise<Uint8Array[]> | null = null;

export async function renderPng(svg: string): Promise<Uint8Array> {
  engine ??= startEngine();
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: zoom },
    font: { fontBuffers: await engine, defaultFontFamily: 'Inter', sansSerifFamily: 'Inter' },
  });
  try {
    return image.render().asPng();
  } finally {
    image.free();
  }
}

/** It may be called only once in a process. Returns the fonts. */
async function startEngine(): Promise<Uint8Array[]> {
  await initWasm(readFileSync(resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return [400, 600].map(readFont);
}

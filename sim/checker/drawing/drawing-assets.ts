/** Reads the browser's part of the drawing from beside this file. */
import { readFileSync } from 'node:fs';

export interface DrawingAssets {
  script: string;
  style: string;
}

export function readDrawingAssets(): DrawingAssets {
  const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
  return { script: read('chart.js') + read('viewer.js'), style: read('viewer.css') };
}

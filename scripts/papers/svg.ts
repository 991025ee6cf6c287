/** The few shapes that the papers' pictures are made of, as text of an SVG. Numbers are user units, angles none. */

export interface Colours {
  ink: string;
  muted: string;
  line: string;
  panel: string;
  /** One for each shard. */
  shards: readonly [string, string, string];
  move: string;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Point {
  x: number;
  y: number;
}

export function box(
  { x, y, width, height }: Box,
  { fill, stroke }: { fill: string; stroke: string },
): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="${fill}" stroke="${stroke}"/>`;
}

export function bar({ x, y, width, height }: Box, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

export function dot(
  { x, y }: Point,
  radius: number,
  { fill, stroke }: { fill: string; stroke: string },
): string {
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${fill}" stroke="${stroke}" stroke-width="2"/>`;
}

export interface Words {
  text: string;
  at: Point;
  fill: string;
  size?: number;
  anchor?: 'start' | 'middle' | 'end';
  isStrong?: boolean;
}

export function words({ text, at, fill, size = 13, anchor = 'start', isStrong = false }: Words): string {
  const weight = isStrong ? ' font-weight="600"' : '';
  return `<text x="${at.x}" y="${at.y}" fill="${fill}" font-size="${size}" text-anchor="${anchor}"${weight}>${escaped(text)}</text>`;
}

/** A curve that leaves and arrives level, or straight down when one is above the other. */
export function arrow(
  from: Point,
  to: Point,
  { stroke, isDashed = false }: { stroke: string; isDashed?: boolean },
): string {
  const middle = (from.x + to.x) / 2;
  const path =
    from.x === to.x
      ? `M${from.x} ${from.y}L${to.x} ${to.y}`
      : `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
  const dashes = isDashed ? ' stroke-dasharray="5 4"' : '';
  return `<path d="${path}" fill="none" stroke="${stroke}" stroke-width="1.5"${dashes} marker-end="url(#tip)"/>`;
}

/** @param title for people who cannot see the picture. @param tip the colour of arrows' tips. */
export function picture(
  { width, height, title, tip }: { width: number; height: number; title: string; tip: string },
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">`,
    `<title>${escaped(title)}</title>`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${tip}"/></marker></defs>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

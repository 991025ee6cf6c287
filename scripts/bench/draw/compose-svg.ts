/** Sets a figure's title, legend and panels into one SVG file that needs nothing around it. */
import { escapeText } from './html.ts';
import { estimateWidth, type Drawing, type LegendEntry, type MarkSymbol } from './drawing.ts';
import { colorOf, withLightColors } from './theme.ts';

const margin = 24;
const gapX = 20;
const gapY = 16;
const captionWidthCharacters = 0.155;

export function composeSvg(drawing: Drawing): string {
  const columns = Math.min(2, drawing.panels.length);
  const panelWidth = Math.max(...drawing.panels.map((panel) => panel.width));
  const panelHeight = Math.max(...drawing.panels.map((panel) => panel.height));
  const width = Math.max(640, margin * 2 + columns * panelWidth + (columns - 1) * gapX);
  const parts: string[] = [];
  let y = margin + 16;
  parts.push(text(margin, y, drawing.title, 19, 600));
  for (const line of wrap(drawing.caption, Math.floor(width * captionWidthCharacters))) {
    y += 19;
    parts.push(text(margin, y, line, 13, 400, colorOf('faint')));
  }
  y += 26;
  const legend = composeLegend(drawing.legend, { x: margin, y, width: width - 2 * margin });
  parts.push(legend.svg);
  y = legend.bottom + 14;
  for (const [index, panel] of drawing.panels.entries()) {
    const x = margin + (index % columns) * (panelWidth + gapX);
    const top = y + Math.floor(index / columns) * (panelHeight + 22 + gapY);
    parts.push(text(x, top + 14, panel.title, 14, 600));
    parts.push(panel.svg.replace('<svg ', `<svg x="${x}" y="${top + 22}" `));
  }
  const rows = Math.ceil(drawing.panels.length / columns);
  const height = y + rows * (panelHeight + 22 + gapY) - gapY + margin;
  return withLightColors(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `color="${colorOf('ink')}" font-family="Inter, system-ui, sans-serif">` +
      `<rect width="${width}" height="${height}" fill="${colorOf('paper')}"/>${parts.join('')}</svg>\n`,
  );
}

/** One line of entries, or more when they do not fit. */
function composeLegend(
  entries: readonly LegendEntry[],
  box: { x: number; y: number; width: number },
): { svg: string; bottom: number } {
  let x = box.x;
  let y = box.y;
  const parts: string[] = [];
  for (const entry of entries) {
    const width = 34 + estimateWidth(entry.label, 13) + 4;
    if (x > box.x && x + width > box.x + box.width) {
      x = box.x;
      y += 22;
    }
    parts.push(`<g transform="translate(${x},${y - 10})">${drawKey(entry)}</g>`);
    parts.push(text(x + 32, y, entry.label, 13, 400));
    x += width;
  }
  return { svg: parts.join(''), bottom: entries.length === 0 ? y - 26 : y };
}

/** The legend's mark of an entry, 26 by 12 pixels; the page uses it too. */
export function drawKey(entry: LegendEntry): string {
  const color = colorOf(entry.color);
  const line = `<path d="M0,6H26" stroke="${color}" stroke-width="2"${entry.dashed === true ? ' stroke-dasharray="5 4"' : ''}/>`;
  const shape = (path: string, fill = color): string =>
    `<path d="${path}" transform="translate(13,6)" fill="${fill}" stroke="${color}" stroke-width="1.8"/>`;
  const circle = 'M4.5,0A4.5,4.5 0 1 1 -4.5,0A4.5,4.5 0 1 1 4.5,0Z';
  const shapes: Record<MarkSymbol, string> = {
    line,
    circle: line + shape(circle),
    hollow: shape(circle, colorOf('paper')),
    diamond: line + shape('M0,-5.5L4,0L0,5.5L-4,0Z'),
    triangle: line + shape('M0,-5.5L5,3.5L-5,3.5Z'),
    square: line + shape('M-4,-4H4V4H-4Z'),
    times: shape('M-4,-4L4,4M-4,4L4,-4', 'none'),
    cell: `<rect x="6" width="14" height="12" fill="${color}"/>`,
  };
  return shapes[entry.symbol];
}

function text(
  x: number,
  y: number,
  content: string,
  size: number,
  weight: number,
  color = colorOf('ink'),
): string {
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${color}">${escapeText(content)}</text>`;
}

function wrap(content: string, charactersMax: number): string[] {
  const lines: string[] = [];
  for (const word of content.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= charactersMax)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

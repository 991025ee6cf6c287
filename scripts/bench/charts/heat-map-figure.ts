/** Requests/s by sharders and shards, a panel for each workload: which of the two adds more, and where adding ends. */
import * as Plot from '@observablehq/plot';
import { drawPanel, estimateWidth, type Drawing, type Panel } from '../draw/drawing.ts';
import { colorOf } from '../draw/theme.ts';
import { formatNumber } from '../analysis/figures.ts';
import { describeLoad, spreadOf, type CellSummary } from '../analysis/summary.ts';

const tile = { width: 84, height: 52 };
const margins = { marginLeft: 56, marginRight: 12, marginTop: 8, marginBottom: 44 };
const panelsMax = 8;

/** From pale to deep blue, one hue: it reads the same without colour. */
const shades = ['#dceaf7', '#b4d3ec', '#7fb2dc', '#4488c2', '#1d5f9e', '#0b3c71'];

/** From this share on, dark letters are not readable on the shade. */
const darkShare = 0.48;

interface Tile {
  summary: CellSummary;
  perSecond: number | null;
}

export function drawHeatMap(summaries: readonly CellSummary[]): Drawing {
  const groups = new Map<string, Tile[]>();
  for (const summary of summaries) {
    const key = describeLoad(summary.cell);
    const perSecond = spreadOf(summary, 'requests_per_second')?.mean ?? null;
    groups.set(key, [...(groups.get(key) ?? []), { summary, perSecond }]);
  }
  const most = Math.max(1, ...[...groups.values()].flat().map(({ perSecond }) => perSecond ?? 0));
  const marked = summaries.some(({ notTheStore }) => notTheStore);
  return {
    id: 'heat-map',
    title: 'Requests/s by sharders and shards',
    shortTitle: 'Heat map',
    caption: `The mean of the repeats; the deeper the blue, the more.${marked ? ' *: this machine was the limit.' : ''}`,
    legend: [],
    panels: [...groups].slice(0, panelsMax).map(([load, tiles]) => drawGroup(load, tiles, most)),
    table: {
      columns: ['load', 'test', 'sharders', 'shards', 'requests/s', 'per sharder', 'per shard'],
      rows: [...groups].flatMap(([load, tiles]) =>
        tiles.map(({ summary: { test, cell }, perSecond }) => [
          load,
          test,
          cell.sharders,
          cell.shards,
          ...[1, cell.sharders, cell.shards].map((by) =>
            perSecond === null ? null : formatNumber(perSecond / by),
          ),
        ]),
      ),
    },
  };
}

function drawGroup(load: string, tiles: readonly Tile[], most: number): Panel {
  const distinct = (of: (tile: Tile) => number): number[] =>
    [...new Set(tiles.map(of))].toSorted((a, b) => a - b);
  const sharders = distinct(({ summary }) => summary.cell.sharders);
  const shards = distinct(({ summary }) => summary.cell.shards);
  const data = tiles.map(({ summary, perSecond }) => ({
    sharders: summary.cell.sharders,
    shards: summary.cell.shards,
    fill: perSecond === null ? 'transparent' : shade(perSecond / most),
    stroke: colorOf(perSecond === null ? 'bad' : 'paper'),
    ink: perSecond === null ? colorOf('bad') : perSecond / most > darkShare ? '#ffffff' : '#10243a',
    text: perSecond === null ? 'no result' : `${formatNumber(perSecond)}${summary.notTheStore ? ' *' : ''}`,
    title: describeTile({ summary, perSecond }),
  }));
  const tilesWidth = margins.marginLeft + tile.width * sharders.length;
  const width = Math.max(tilesWidth + margins.marginRight, 1.15 * estimateWidth(load, 14));
  return drawPanel(load, {
    width,
    height: margins.marginTop + margins.marginBottom + tile.height * shards.length,
    ...margins,
    marginRight: width - tilesWidth,
    x: {
      type: 'band',
      domain: sharders,
      label: 'sharders',
      labelAnchor: 'center',
      labelArrow: 'none',
      tickSize: 0,
      tickFormat: String,
      padding: 0,
    },
    y: {
      type: 'band',
      domain: shards.toReversed(),
      label: 'shards',
      labelAnchor: 'center',
      labelArrow: 'none',
      tickSize: 0,
      tickFormat: String,
      padding: 0,
    },
    marks: [
      Plot.cell(data, {
        x: 'sharders',
        y: 'shards',
        fill: 'fill',
        stroke: 'stroke',
        strokeWidth: 2,
        inset: 1.5,
        rx: 4,
        title: 'title',
      }),
      Plot.text(data, {
        x: 'sharders',
        y: 'shards',
        text: 'text',
        fill: 'ink',
        fontWeight: 600,
        pointerEvents: 'none',
      }),
    ],
    color: { type: 'identity' },
  });
}

function shade(share: number): string {
  return shades[Math.min(shades.length - 1, Math.floor(share * shades.length))]!;
}

function describeTile({ summary, perSecond }: Tile): string {
  const { test, cell, limits, failures } = summary;
  const where = `${test}: sharders ${cell.sharders}, shards ${cell.shards}`;
  if (perSecond === null) return `${where}\n${failures[0]?.failure ?? 'not measured'}`;
  return `${where}\n${formatNumber(perSecond)} requests/s\nlimit: ${limits.join(', ')}`;
}

/** Writes the report of a benchmark run into its folder: `report.html`, and each figure as SVG and PNG. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { groupsAlong, type Axis } from './axis-groups.ts';
import { composeSvg } from './draw/compose-svg.ts';
import type { Drawing } from './draw/drawing.ts';
import { renderPng } from './draw/render-png.ts';
import { judgeExpectations } from './expectations.ts';
import { drawHeatMap } from './heat-map-figure.ts';
import { drawLatencies } from './latency-figure.ts';
import { readOriginalResults } from './original-results.ts';
import { reportPage } from './page/report-page.ts';
import { readRun, type Run } from './read-run.ts';
import { drawScaling } from './scaling-figure.ts';
import { summarize, type CellSummary } from './summary.ts';
import { drawTimelines } from './timeline-figure.ts';
import { drawUse } from './use-figure.ts';

export interface ReportOptions {
  /** Lines for a shell that make this run again; by default those for the run's own plan.json. */
  commands?: readonly string[];
}

/**
 * May be called for a run that is not at its end; what is missing is said. Returns the files' paths, the page first.
 * Throws UsageError when the folder is not a run.
 */
export async function writeReport(runFolder: string, options: ReportOptions = {}): Promise<string[]> {
  const { page, drawings } = makeReport(await readRun(runFolder), options);
  const files = [join(runFolder, 'report.html')];
  await writeFile(files[0]!, page);
  for (const drawing of drawings) {
    const path = join(runFolder, drawing.id);
    const svg = composeSvg(drawing);
    await writeFile(`${path}.svg`, svg);
    await writeFile(`${path}.png`, await renderPng(svg));
    files.push(`${path}.svg`, `${path}.png`);
  }
  return files;
}

/** The page and its figures, before they are files. */
export function makeReport(run: Run, options: ReportOptions = {}): { page: string; drawings: Drawing[] } {
  const summaries = summarize(run);
  const drawings = drawAll(run, summaries);
  const page = reportPage({
    run,
    summaries,
    drawings,
    judged: judgeExpectations(run.plan, run.cells),
    commands: options.commands ?? defaultCommands(run),
    originalBest: Math.max(...readOriginalResults().map(({ figures }) => figures.requests_per_second)),
  });
  return { page, drawings };
}

function drawAll(run: Run, summaries: readonly CellSummary[]): Drawing[] {
  const original = readOriginalResults();
  const scaling = (['sharders', 'shards'] satisfies Axis[]).flatMap((axis) =>
    groupsAlong(axis, run.plan.cells).flatMap((group, index) => {
      const id = index === 0 ? `scaling-${axis}` : `scaling-${axis}-${index + 1}`;
      const input = { group, summaries, original, predictions: run.predictions };
      return [
        drawScaling(id, { ...input, scope: 'all' }),
        drawScaling(`${id}-this-run`, { ...input, scope: 'run' }),
      ];
    }),
  );
  return [
    ...scaling,
    drawHeatMap(summaries),
    drawLatencies(summaries),
    drawUse(summaries, run.environment?.cores ?? null),
    drawTimelines(run, summaries),
  ].filter((drawing) => drawing !== null);
}

function defaultCommands({ folder, environment }: Run): string[] {
  const quoted = `'${folder.replaceAll("'", String.raw`'\''`)}'`;
  return [
    ...(environment === null ? [] : [`git checkout ${environment.commit}`]),
    'npm ci',
    `scripts/vase.ts bench --plan ${quoted}/plan.json`,
    `scripts/vase.ts bench compare ${quoted} .vase/runs/<the new run>`,
  ];
}

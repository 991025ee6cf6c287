/** Writes the report of a benchmark run into its folder: `report.html`, and each figure as SVG and PNG. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { groupsAlong, type Axis } from '../analysis/axis-groups.ts';
import { composeSvg } from '../draw/compose-svg.ts';
import type { Drawing } from '../draw/drawing.ts';
import { renderPng } from '../draw/render-png.ts';
import { judgeExpectations } from '../analysis/expectations.ts';
import { drawHeatMap } from '../charts/heat-map-figure.ts';
import { drawLatencies } from '../charts/latency-figure.ts';
import { readOriginalResults } from '../analysis/original-results.ts';
import { reportPage } from './report-page.ts';
import { readRun, type Run } from '../records/read-run.ts';
import { drawScaling } from '../charts/scaling-figure.ts';
import { summarize, type CellSummary } from '../analysis/summary.ts';
import { drawTimelines } from '../charts/timeline-figure.ts';
import { drawUse } from '../charts/use-figure.ts';
import { writtenPlan } from './written-plan.ts';

export interface ReportOptions {
  /** Lines for a shell that make this run again; by default those for the run's own plan. */
  commands?: readonly string[];
}

/**
 * It may be called for an unfinished run; the report says what is missing. Returns the files' paths, the page first.
 * Throws UsageError when the folder is not a run.
 */
export async function writeReport(runFolder: string, options: ReportOptions = {}): Promise<string[]> {
  const run = await readRun(runFolder);
  const { page, drawings } = makeReport(run, options);
  await mkdir(join(runFolder, 'repeat'), { recursive: true });
  await writeFile(join(runFolder, planToRepeat(run)), `${JSON.stringify(writtenPlan(run.plan), null, 2)}\n`);
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

/** The path, below the run's folder, of the plan as `vase bench` reads it: it has the plan's name, because a run takes its name from it. */
const planToRepeat = ({ plan }: Run) => join('repeat', `${plan.name}.json`);

/** Lines that run the same plan on the same sources, and compare the two: each can be run unchanged in a checkout. */
function defaultCommands(run: Run): string[] {
  const { environment, plan } = run;
  const folder = resolve(run.folder);
  return [
    ...(environment === null ? [] : checkOut(environment.commit)),
    'npm ci',
    'export PATH="$PWD/node_modules/.bin:$PATH"',
    `node scripts/vase.js bench --plan ${quoted(join(folder, planToRepeat(run)))}`,
    `node scripts/vase.js bench compare ${quoted(folder)} "$(ls -td "\${VASE_STATE:-.vase}"/runs/${plan.name}-* | head -n 1)"`,
  ];
}

function checkOut(commit: string): string[] {
  const [known, ...modified] = commit.split('-');
  if (known === 'unknown') return ['# The commit is not known: no git where the run was made.'];
  const line = `git checkout ${known}`;
  return modified.length === 0 ? [line] : ['# The sources had changes that this commit has not.', line];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Reports the survivors for people, in Markdown, and everything for programs, in JSON. */
import { type Judged, isKilledBySeeds, isSurvivor, totalsOf } from './fates.ts';
import { oneLine } from '../syntax/mutant.ts';

export interface ReportInput {
  judged: readonly Judged[];
  seeds: number;
  /** A line of a file, to show a mutant. */
  lineOf: (file: string, line: number) => string;
  /** The elements that distinguish the seeds which reach a mutant. */
  elementsOf: (judged: Judged) => readonly string[];
}

const kinds: readonly { title: string; is: (judged: Judged) => boolean }[] = [
  { title: 'No seed comes by', is: ({ seeds }) => seeds.reached === 0 },
  {
    title: 'Seeds come by, and it never makes a difference there',
    is: ({ seeds }) => seeds.reached > 0 && seeds.differed === 0,
  },
  {
    title: 'It runs, and no run is another one',
    is: ({ seeds }) => seeds.differed > 0 && seeds.changed === 0,
  },
  { title: 'Runs are other ones, and no property noticed', is: ({ seeds }) => seeds.changed > 0 },
];

/** Characters of a text that are shown; the key has all of them. */
const shownMax = 120;

export function markdownOf(input: ReportInput): string {
  const { judged, seeds } = input;
  const { mutants, equivalent, bySeeds, byTests, survived } = totalsOf(judged);
  const real = mutants - equivalent;
  const share = (count: number) => `${count} (${((100 * count) / Math.max(1, real)).toFixed(1)} %)`;
  const lines = [
    '# Mutants that survived',
    '',
    `${mutants} mutants, of which ${equivalent} are argued equivalent. Of the other ${real}, ${share(bySeeds)} were killed by at most ${seeds} seeds, ${share(bySeeds + byTests)} by seeds and unit tests together; ${share(survived)} survived.`,
    '',
    ...killedTable(judged),
  ];
  for (const { title, is } of kinds) {
    const these = judged.filter((each) => isSurvivor(each) && is(each));
    if (these.length === 0) continue;
    lines.push(`## ${title}: ${these.length}`, '');
    for (const each of these) lines.push(...describe(each, input));
  }
  return `${lines.join('\n')}\n`;
}

function describe(judged: Judged, { lineOf, elementsOf, seeds }: ReportInput): string[] {
  const { mutant, seeds: verdict } = judged;
  const { reached, differed, changed, runs } = verdict;
  const elements = elementsOf(judged);
  return [
    `- \`${mutant.file}:${mutant.line}\` ${mutant.place}, ${mutant.operator}: \`${shown(mutant.before)}\` becomes \`${shown(mutant.after) || 'nothing'}\``,
    `  in \`${lineOf(mutant.file, mutant.line).trim()}\``,
    `  ${reached} of ${seeds} seeds come by, ${differed} differ there, ${changed} of ${runs} runs are other ones.`,
    ...(elements.length === 0 ? [] : [`  Often with: ${elements.join('; ')}.`]),
    `  Key: \`${mutant.key}\``,
    '',
  ];
}

const shown = (text: string) =>
  oneLine(text).length > shownMax ? `${oneLine(text).slice(0, shownMax)} …` : oneLine(text);

/** How many mutants of each file were killed, and which properties broke. */
function killedTable(judged: readonly Judged[]): string[] {
  const files = [...new Set(judged.map(({ mutant }) => mutant.file))].toSorted();
  const rows = files.map((file) => {
    const { mutants, equivalent, bySeeds, byTests, survived } = totalsOf(
      judged.filter(({ mutant }) => mutant.file === file),
    );
    return `| ${file} | ${mutants} | ${equivalent} | ${bySeeds} | ${byTests} | ${survived} |`;
  });
  const broken = new Map<string, number>();
  for (const { seeds } of judged.filter(isKilledBySeeds))
    broken.set(seeds.broken!, (broken.get(seeds.broken!) ?? 0) + 1);
  const byProperty = [...broken]
    .toSorted((a, b) => b[1] - a[1])
    .map(([property, count]) => `${property} ${count}`);
  return [
    '| file | mutants | equivalent | killed by seeds | by unit tests | survived |',
    '| ---- | ------: | ---------: | --------------: | ------------: | -------: |',
    ...rows,
    '',
    `What the seeds broke first: ${byProperty.join(', ')}.`,
    '',
  ];
}

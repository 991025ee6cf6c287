/** The options of the mutation bench, checked. */
import { parseArgs } from 'node:util';

export const help = `Mutants of sharder/core, sharder/etcd/client and the mover, against the simulator and the unit tests.

  --files <text>    only files whose path holds it; may be given more than once
  --seeds <n>       seeds that a mutant must survive; default 3000
  --few             only those 40 of them that come by a mutant most often: a first look at a sample
  --limit <n>       a sample of so many mutants
  --draw <n>        which sample; default 1
  --shard <i/n>     only the i-th of n parts, so that several machines share the work
  --jobs <n>        processes at a time; default: one for each core
  --retry <file>    only the survivors of an earlier report (its JSON)
  --no-tests        seeds alone, without the unit tests for what survives them
  --list            print the keys of the mutants, and judge none
  --help

What is known is kept in .vase/mutation/ for as long as the sources are the same: the same command goes on where it was
stopped. It leaves report.md and report.json there. Exit codes: 0, 1 when mutants survived, 2 for a wrong use.
`;

export interface Options {
  files: readonly string[];
  seeds: number;
  limit: number | null;
  draw: number;
  shard: { index: number; count: number };
  jobs: number | null;
  retry: string | null;
  isFew: boolean;
  withTests: boolean;
  isList: boolean;
}

export class OptionError extends Error {
  override name = 'OptionError';
}

/** @returns null when help is asked for. @throws OptionError */
export function parseOptions(args: readonly string[]): Options | null {
  const values = parse(args);
  if (values.help) return null;
  const [index, count] = (/^([0-9]+)\/([0-9]+)$/.exec(values.shard) ?? []).slice(1).map(Number);
  if (index === undefined || count === undefined || index < 1 || index > count)
    throw new OptionError(`--shard must be a part such as 1/4, not ${values.shard}`);
  return {
    files: values.files,
    seeds: whole('--seeds', values.seeds),
    limit: values.limit === undefined ? null : whole('--limit', values.limit),
    draw: whole('--draw', values.draw),
    shard: { index, count },
    jobs: values.jobs === undefined ? null : whole('--jobs', values.jobs),
    retry: values.retry ?? null,
    isFew: values.few,
    withTests: !values['no-tests'],
    isList: values.list,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        files: { type: 'string', multiple: true, default: [] },
        seeds: { type: 'string', default: '3000' },
        limit: { type: 'string' },
        draw: { type: 'string', default: '1' },
        shard: { type: 'string', default: '1/1' },
        jobs: { type: 'string' },
        retry: { type: 'string' },
        few: { type: 'boolean', default: false },
        'no-tests': { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw new OptionError(`${name} must be a whole number from 1 on, not ${text}`);
  return Number(text);
}

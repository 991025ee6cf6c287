/** `vase view`: shows which shard has which slots, the moves and the jobs; and takes a job back. */
import type { Command } from 'commander';
import type { ViewDocument } from '../../cluster/viewserver/http/view-document.ts';
import { describeJob, describeProgress } from '../context/follow-jobs.ts';
import { style } from '../terminal/printer.ts';
import { drawTable } from '../terminal/table.ts';
import { withViewServer } from '../context/view-client.ts';
import { addViewOptions, type ViewFlags } from '../context/view-options.ts';

/** A table of all spans would be long when slots have moved often. */
const spansShownMax = 24;

export function addViewCommand(program: Command): void {
  addViewOptions(
    program
      .command('view')
      .description('Show which shard has which slots, what is moving and what has been asked for.')
      .option('--abort <id>', 'take back a job or a move, as far as that is still possible'),
  ).action((flags: ViewFlags & { abort?: string }) =>
    withViewServer(flags, async ({ client, printer }) => {
      if (flags.abort !== undefined) {
        const { moves } = await client.view();
        const kind = moves.some(({ id }) => id === flags.abort) ? 'moves' : 'jobs';
        await client.abort(`/${kind}/${encodeURIComponent(flags.abort)}`);
      }
      const view = await client.view();
      printer.result(describeView(view), view);
    }),
  );
}

function describeView(view: ViewDocument): string {
  const headline = view.isClean
    ? style.good(`Epoch ${view.epoch}: nothing is under way`)
    : style.warning(`Epoch ${view.epoch}: ${view.moves.length} moves under way`);
  const parts = [`${headline}${describeProgress(view.progress)}`, shardTable(view), spanTable(view)];
  if (view.moves.length > 0) parts.push(moveTable(view));
  parts.push(...view.jobs.map((job) => `${job.id}  ${describeJob(job)}`));
  if (view.leader !== null) parts.push(`${view.leader.name} leads, at ${view.leader.address}`);
  return parts.join('\n');
}

function shardTable({ shards }: ViewDocument): string {
  const rows = shards.map(({ name, state, slots, isHome }) => [
    name,
    isHome ? `${state}, home` : state,
    slots,
  ]);
  return drawTable(['shard', 'state', 'slots'], rows);
}

function spanTable({ slots }: ViewDocument): string {
  const rows = slots.slice(0, spansShownMax).map((span) => [span.slots, span.shard]);
  const rest = slots.length - rows.length;
  const table = drawTable(['slots', 'shard'], rows);
  return rest > 0 ? `${table}\n… and ${rest} more spans; --json shows all` : table;
}

function moveTable({ moves }: ViewDocument): string {
  const rows = moves.map(({ id, slots, from, to, phase, keysCopied, keysTotal, abort }) => [
    id,
    slots,
    from,
    to,
    abort ? `${phase}, to be undone` : phase,
    `${keysCopied}${keysTotal === null ? '' : ` of ${keysTotal}`}`,
  ]);
  const waits = moves.flatMap(({ id, waits: wait }) =>
    wait === null
      ? []
      : [`move ${id} waits for shard ${wait.shard}, ${wait.seconds} s by now: ${wait.reason}`],
  );
  const failed = moves.flatMap(({ id, failed: reason }) =>
    reason === null ? [] : [`move ${id} has failed and is being undone: ${reason}`],
  );
  return [drawTable(['move', 'slots', 'from', 'to', 'phase', 'keys'], rows), ...waits, ...failed].join('\n');
}

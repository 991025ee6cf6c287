/**
 * The leader's answers. Reads show the records; changes are recorded as jobs and answered with 202 before they are carried
 * out. A change with an `idempotency-key` that was used before is answered with the job that the key made.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { shardName } from '../../../sharder/core/view.ts';
import { demandUnversioned } from '../../../sharder/http/conditions.ts';
import type { Budgets, RouteRequest } from '../../../sharder/http/context.ts';
import { badRequest, HttpError } from '../../../sharder/http/http-error.ts';
import { parseJsonObject } from '../../../sharder/http/parse-json.ts';
import { hasNoBody, readBody, readNoBody } from '../../../sharder/http/read-body.ts';
import { jsonReply, type Reply } from '../../../sharder/http/reply.ts';
import { methodOf } from '../../../sharder/http/request-line.ts';
import { demandJson } from '../../../sharder/http/request-check.ts';
import { allowOf, notAllowed } from '../../../sharder/http/route-table.ts';
import type { Leadership } from '../leading/leadership.ts';
import { isOpen, type Job, type JobWork, withChange, withJobs, withTakenBack } from '../jobs/job.ts';
import { plansTo } from '../jobs/job-runner.ts';
import { describeSlots } from '../../records/slot-list.ts';
import type { MovePlan } from '../../resharding/plan/move-plan.ts';
import { planJoins } from '../../resharding/plan/plan-moves.ts';
import { RefusedError } from '../../resharding/plan/refused-error.ts';
import { isTooFull } from '../../resharding/plan/shard-room.ts';
import { addShards, moveSlots, parseRequest, parseSlots, rebalance, removeShard } from './requests.ts';
import { moveDocuments, shardDocuments, viewDocument, type ViewParts } from './view-document.ts';

const bodyBytesMax = 16 * 1024;

export interface RouteInput {
  leadership: Leadership;
  routed: RouteRequest;
  budgets: Budgets;
  /** What the path's pattern captured. */
  argument: string;
}

type Route = (input: RouteInput) => Promise<Reply>;

const routes: readonly { method: string; path: RegExp; run: Route }[] = [
  { method: 'GET', path: /^\/view$/, run: showView },
  { method: 'GET', path: /^\/shards$/, run: showShards },
  { method: 'GET', path: /^\/moves$/, run: showMoves },
  { method: 'GET', path: /^\/jobs$/, run: showJobs },
  { method: 'GET', path: /^\/jobs\/([^/]+)$/, run: showJob },
  { method: 'GET', path: /^\/autoscaler$/, run: showAutoscaler },
  { method: 'GET', path: /^\/events$/, run: headOfEvents },
  { method: 'POST', path: /^\/shards$/, run: postShards },
  { method: 'DELETE', path: /^\/shards\/([^/]+)$/, run: deleteShard },
  { method: 'POST', path: /^\/rebalance$/, run: postRebalance },
  { method: 'POST', path: /^\/moves$/, run: postMove },
  { method: 'DELETE', path: /^\/moves\/([^/]+)$/, run: abortMove },
  { method: 'DELETE', path: /^\/jobs\/([^/]+)$/, run: abortJob },
];

/** @throws HttpError 404, 405 or 501; 412 for a change whose conditions do not hold; what the route throws. */
export async function runRoute(input: Omit<RouteInput, 'argument'>, path: string): Promise<Reply> {
  const fitting = routes.filter((route) => route.path.test(path));
  if (fitting.length === 0)
    throw new HttpError(404, 'not_found', 'there are /view, /shards, /moves, /jobs, /events, /autoscaler');
  const method = methodOf(input.routed.request);
  const route = fitting.find((candidate) => candidate.method === (method === 'HEAD' ? 'GET' : method));
  if (route === undefined) {
    const methods = fitting.map((candidate) => candidate.method);
    const allow = allowOf(methods.flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known])));
    if (method === 'OPTIONS') return { status: 204, headers: ['allow', allow], body: null };
    throw notAllowed(method, allow);
  }
  if (route.method !== 'GET')
    demandUnversioned(
      input.routed.conditions,
      fitting.some((candidate) => candidate.method === 'GET'),
    );
  return route.run({ ...input, argument: decode(route.path.exec(path)?.[1] ?? '') });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest('the path is not percent-encoded UTF-8');
  }
}

async function readParts({ leadership }: RouteInput): Promise<ViewParts> {
  const { resharder, jobs, fleet, meter, lease, home } = leadership;
  const [view, list, existing] = await Promise.all([resharder.readView(), jobs.list(), fleet.listShards()]);
  return {
    view,
    home,
    existing: existing.map(({ id }) => id),
    leader: lease.leader,
    openJobs: list.filter(isOpen),
    moveProgress: resharder.progress(),
    nowMs: leadership.nowMs,
    progress: meter.progress,
  };
}

async function showView(input: RouteInput): Promise<Reply> {
  return jsonReply(200, viewDocument(await readParts(input)));
}

async function showShards(input: RouteInput): Promise<Reply> {
  return jsonReply(200, { shards: shardDocuments(await readParts(input)) });
}

async function showMoves(input: RouteInput): Promise<Reply> {
  const parts = await readParts(input);
  return jsonReply(200, { moves: moveDocuments(parts), progress: parts.progress });
}

async function showJobs({ leadership }: RouteInput): Promise<Reply> {
  return jsonReply(200, { jobs: await leadership.jobs.list() });
}

async function showJob(input: RouteInput): Promise<Reply> {
  const { leadership, argument } = input;
  const job = (await leadership.jobs.list()).find(({ id }) => id === argument);
  if (job === undefined) throw new HttpError(404, 'unknown-job', `there is no job ${argument}`);
  return jsonReply(200, { job, progress: leadership.meter.progress });
}

async function showAutoscaler({ leadership }: RouteInput): Promise<Reply> {
  return jsonReply(200, leadership.autoscaler.report());
}

/** Answers HEAD of the stream of events; GET does not come here. */
async function headOfEvents(): Promise<Reply> {
  return { status: 200, headers: ['content-type', 'text/event-stream'], body: null };
}

async function postShards(input: RouteInput): Promise<Reply> {
  const { count, dryRun } = parseRequest(addShards, await readJson(input));
  if (dryRun) {
    const view = await input.leadership.resharder.readView();
    const { shards, plans } = planJoins(view, count);
    return planReply(input, plans, { shards: shards.map(shardName) });
  }
  const works = Array.from({ length: count }, (): JobWork => ({ kind: 'add-shard', shard: null }));
  return jobsReply(await record(input, works));
}

async function deleteShard(input: RouteInput): Promise<Reply> {
  const { leadership, argument } = input;
  const { dryRun } = parseRequest(removeShard, await readJson(input));
  const id = shardIdOf(argument);
  if (!dryRun) {
    const open = (await leadership.jobs.list()).find(
      (job) => isOpen(job) && !job.abort && job.work.kind === 'remove-shard' && job.work.shard === id,
    );
    const asked = (await recorded(input)) ?? (open && [open]);
    if (asked) return jobsReply(asked);
  }
  const plans = await drainPlan(leadership, id);
  if (dryRun) return planReply(input, plans, { shards: [shardName(id)] });
  await demandRoom(input, plans);
  return jobsReply(await record(input, [{ kind: 'remove-shard', shard: id }]));
}

/** No plan when the view has forgotten the shard and the fleet still has some part of it: nothing has to move away. */
async function drainPlan({ resharder, fleet }: Leadership, id: number): Promise<MovePlan[]> {
  try {
    return await resharder.drainPlan(id);
  } catch (error) {
    if (!(error instanceof RefusedError && error.code === 'unknown-shard')) throw error;
    const existing = await fleet.listShards();
    const { shards, nextShard } = await resharder.readView();
    const isForgotten = id < nextShard && !shards.some((shard) => shard.id === id);
    if (isForgotten && existing.some((shard) => shard.id === id)) return [];
    throw error;
  }
}

async function postRebalance(input: RouteInput): Promise<Reply> {
  const { weights, dryRun } = parseRequest(rebalance, await readJson(input));
  const asked = dryRun ? null : await recorded(input);
  if (asked !== null) return jobsReply(asked);
  const given =
    weights === null
      ? {}
      : { weights: new Map(Object.entries(weights).map(([id, weight]) => [Number(id), weight])) };
  // Wrong weights, too, are refused before they are recorded.
  const plans = await input.leadership.resharder.planRebalance(given);
  if (dryRun) return planReply(input, plans, {});
  await demandRoom(input, plans);
  return jobsReply(await record(input, [{ kind: 'rebalance', weights }]));
}

async function postMove(input: RouteInput): Promise<Reply> {
  const { slots: text, to, dryRun } = parseRequest(moveSlots, await readJson(input));
  const slots = parseSlots(text);
  const asked = dryRun ? null : await recorded(input);
  if (asked !== null) return jobsReply(asked);
  const view = await input.leadership.resharder.readView();
  const shard = view.shards.find(({ id }) => id === to);
  if (shard === undefined) throw new RefusedError('unknown-shard', `there is no shard ${to}`);
  if (shard.state === 'draining')
    throw new RefusedError('shard-draining', `shard ${to} is being removed and takes no slots`);
  const plans = plansTo(view, slots, to);
  if (dryRun) return planReply(input, plans, {});
  await demandRoom(input, plans);
  return jobsReply(await record(input, [{ kind: 'move', slots, to }]));
}

/** The job that wanted the move ends, too: otherwise it would propose the move again. */
async function abortMove({ leadership, argument, routed, budgets }: RouteInput): Promise<Reply> {
  await readNoBody(routed, budgets);
  await leadership.resharder.abort(argument);
  const running = (await leadership.jobs.list()).find(({ state }) => state === 'running');
  if (running !== undefined)
    await leadership.jobs.change((list) => withChange(list, running.id, { abort: true }));
  return jsonReply(202, { move: argument, job: running?.id ?? null });
}

async function abortJob({ leadership, argument, routed, budgets }: RouteInput): Promise<Reply> {
  await readNoBody(routed, budgets);
  const jobs = await leadership.jobs.change((list) => withTakenBack(list, argument));
  const job = jobs.find(({ id }) => id === argument);
  if (job === undefined) throw new HttpError(404, 'unknown-job', `there is no job ${argument}`);
  // When the answer was lost and the client asks again, the job has been taken back already.
  if (!isOpen(job) && job.state !== 'aborted')
    throw new HttpError(409, 'job-ended', `the job has ended: ${job.state}`);
  leadership.events.emit('job', job);
  return jsonReply(202, { job });
}

/** The request's key; a new one where it has none. @throws HttpError 400 */
function keyOf(request: IncomingMessage): string {
  const key = request.headers['idempotency-key'] ?? randomUUID();
  if (typeof key !== 'string' || !/^[\w.-]{1,100}$/.test(key))
    throw badRequest('idempotency-key must be 1 to 100 letters, digits, dots, dashes');
  return key;
}

/** The job that the request's key has made before. This is asked first, since the job's own effects may refuse the request now. */
async function recorded({ leadership, routed: { request } }: RouteInput): Promise<Job[] | null> {
  const key = keyOf(request);
  const job = (await leadership.jobs.list()).find(({ id }) => id === key);
  return job === undefined ? null : [job];
}

/** Records the jobs under the request's key, all or none; jobs that exist already stay as they are. */
async function record(
  { leadership, routed: { request } }: RouteInput,
  works: readonly JobWork[],
): Promise<Job[]> {
  const key = keyOf(request);
  const askedAt = new Date().toISOString();
  const wanted = works.map((work, index): Job => ({
    id: works.length === 1 ? key : `${key}.${index + 1}`,
    work,
    state: 'waiting',
    abort: false,
    note: 'waiting for its turn',
    askedAt,
    endedAt: null,
  }));
  const jobs = await leadership.jobs.change((list) => withJobs(list, wanted));
  const found = wanted.flatMap(({ id }) => jobs.find((job) => job.id === id) ?? []);
  if (found.length < wanted.length)
    throw new HttpError(429, 'overloaded', 'too many jobs are waiting', ['retry-after', '10']);
  for (const job of found) leadership.events.emit('job', job);
  return found;
}

function jobsReply(jobs: readonly Job[]): Reply {
  return jsonReply(202, { jobs });
}

/** The job asks again when it begins; here the client is told at once. @throws RefusedError `shard-full` */
async function demandRoom({ leadership }: RouteInput, plans: readonly MovePlan[]): Promise<void> {
  if (plans.length === 0) return;
  await leadership.room.demand(await leadership.resharder.readView(), plans);
}

async function planReply(
  { leadership }: RouteInput,
  plans: readonly MovePlan[],
  more: object,
): Promise<Reply> {
  const slots = plans.reduce((sum, plan) => sum + plan.slots.length, 0);
  const fills = await leadership.room.fillsOf(await leadership.resharder.readView(), plans);
  return jsonReply(200, {
    dryRun: true,
    ...more,
    slots,
    moves: plans.map((plan) => ({ ...plan, count: plan.slots.length, slots: describeSlots(plan.slots) })),
    fills: fills.map((fill) => ({
      shard: fill.shard,
      percentNow: percent(fill.now),
      percentAfter: percent(fill.after),
      isTooFull: isTooFull(fill),
    })),
  });
}

/** With one digit. */
function percent(part: number): number {
  return Math.round(1000 * part) / 10;
}

function shardIdOf(text: string): number {
  const match = /^(?:etcd-)?([1-9][0-9]{0,6})$/.exec(text);
  if (match === null) throw badRequest('a shard is a number such as 4, or its name such as etcd-4');
  return Number(match[1]);
}

/** Bounds of a body with a few fields, one of them with a weight for each shard. */
const jsonBounds = { objects: 16, members: 2000, depth: 8 };

/** An absent body counts as {}; a present one must be JSON, and its type must say so. */
async function readJson({ routed, budgets }: RouteInput): Promise<unknown> {
  if (!hasNoBody(routed.request)) demandJson(routed.request);
  const { bytes, hold } = await readBody(routed, bodyBytesMax, budgets, jsonBounds);
  hold?.giveUp();
  return bytes.length === 0 ? {} : parseJsonObject(bytes);
}

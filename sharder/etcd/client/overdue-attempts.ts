/**
 * Attempts that take too long, and what follows. A transaction holds up all that waits behind it in its lane, so one that a
 * member cannot answer must not be waited for until its own bound while other members serve.
 *
 * One that takes far longer than usual is stuck: the other members are asked for a read again and again (see `ServingSearch`).
 * As soon as one of them serves, what does not depend on the stuck one goes there (`detour`), and a read is asked there as well.
 * After a while longer it is overdue, too: all members are asked for their status (see `LeaderSearch`), and it is ended early
 * when their answers show that it waits in vain. What became of it is as unknown as after its bound, since it may still be
 * carried out.
 */
import type { Limits } from '../../core/limits.ts';
import type { Clock } from '../../core/ports.ts';
import type { Leader } from './endpoint-choice.ts';

export interface AttemptPlan {
  readonly endpoint: string;
  /** The newest term that is known; -1: none. */
  readonly term: number;
  /** The attempt is stuck after so long. */
  readonly stuckAfterMs: number;
  /** The attempt is stuck, and the member at `endpoint` serves meanwhile. Called once at most. */
  onServedAt(endpoint: string): void;
  /** Ends it; what became of it is not known. */
  end(message: string): void;
}

export interface Attempt {
  readonly plan: AttemptPlan;
  readonly beganAtMs: number;
  isStuck: boolean;
  isOverdue: boolean;
  /** Endpoint of the member that has answered a read since this attempt is stuck; null: none has. */
  servedAt: string | null;
  /** The member that it was sent to has told its status since the last judgement. */
  isHeard: boolean;
  /** Another member has answered a read since that member was last heard. */
  isServedElsewhere: boolean;
  /** Judgements since that member was last heard. */
  silentLooks: number;
  /** Judgements that found a leader of a newer term. */
  newerLooks: number;
}

export interface OverdueOptions {
  clock: Clock;
  limits: Limits;
  /** An attempt has become stuck: it is time to see who serves. */
  onStuck(): void;
  /** An attempt has become overdue: it is time to ask the members. */
  onOverdue(): void;
}

/** A member that was silent when it was asked once may have been busy for a moment. */
const silentLooksMin = 2;

export class OverdueAttempts {
  private readonly options: OverdueOptions;
  /** The oldest first. */
  private readonly open = new Set<Attempt>();
  private stuckCount = 0;
  private isTimed = false;

  constructor(options: OverdueOptions) {
    this.options = options;
  }

  /** Whether one is overdue now. */
  get isOneOverdue(): boolean {
    return [...this.open].some(({ isOverdue }) => isOverdue);
  }

  get isOneStuck(): boolean {
    return this.stuckCount > 0;
  }

  /** An attempt begins; the caller calls `onEnded` when it has ended. */
  begin(plan: AttemptPlan): Attempt {
    const { clock, limits } = this.options;
    const attempt: Attempt = {
      plan,
      beganAtMs: clock.nowMs(),
      isStuck: false,
      isOverdue: false,
      servedAt: null,
      isHeard: false,
      isServedElsewhere: false,
      silentLooks: 0,
      newerLooks: 0,
    };
    this.open.add(attempt);
    if (!this.isTimed) this.lookAfter(limits.stuckMs);
    return attempt;
  }

  onEnded(attempt: Attempt): void {
    if (this.open.delete(attempt) && attempt.isStuck) this.stuckCount--;
  }

  /** Where to send a request for `endpoint`: when an attempt is stuck there, to a member that has served since. */
  detour(endpoint: string): string {
    if (this.stuckCount === 0) return endpoint;
    for (const { plan, servedAt } of this.open)
      if (plan.endpoint === endpoint && servedAt !== null) return servedAt;
    return endpoint;
  }

  /** Members at which an attempt is stuck. */
  stuckEndpoints(): ReadonlySet<string> {
    return endpointsOf([...this.open].filter(({ isStuck }) => isStuck));
  }

  /** Members that an attempt waits for and that did not tell their status when they were last asked. */
  silentEndpoints(): ReadonlySet<string> {
    return endpointsOf([...this.open].filter(({ silentLooks }) => silentLooks > 0));
  }

  /** The member at `endpoint` has told its status. */
  noteStatus(endpoint: string): void {
    for (const attempt of this.open)
      if (attempt.isOverdue && attempt.plan.endpoint === endpoint) attempt.isHeard = true;
  }

  /** The member at `endpoint`, where no attempt is stuck, has answered a linearizable read: so it reaches a leader. */
  noteRead(endpoint: string): void {
    for (const attempt of this.open) {
      if (!attempt.isStuck || attempt.plan.endpoint === endpoint) continue;
      if (isSilent(attempt)) attempt.isServedElsewhere = true;
      const isFirst = attempt.servedAt === null;
      attempt.servedAt = endpoint;
      if (isFirst) attempt.plan.onServedAt(endpoint);
    }
  }

  /**
   * All members were asked for their status; `leader` is the leader that they name; null: none, and no member serves better.
   */
  judge(leader: Leader | null): void {
    for (const attempt of this.open) {
      if (!attempt.isOverdue) continue;
      attempt.silentLooks = attempt.isHeard ? 0 : attempt.silentLooks + 1;
      if (attempt.isHeard) attempt.isServedElsewhere = false;
      attempt.isHeard = false;
      const reason = leader === null ? null : whyInVain(attempt, leader);
      if (reason === null) continue;
      this.onEnded(attempt);
      attempt.plan.end(`${attempt.plan.endpoint}: no answer, and ${reason}`);
    }
  }

  /** One timer for all: most attempts end in milliseconds, and one for each would cost more than the rest. */
  private lookAfter(delayMs: number): void {
    this.isTimed = true;
    this.options.clock.schedule(delayMs, () => this.look());
  }

  private look(): void {
    const { clock, limits } = this.options;
    const nowMs = clock.nowMs();
    this.isTimed = false;
    let nextMs = Infinity;
    let isNewlyStuck = false;
    let isNewlyOverdue = false;
    for (const attempt of this.open) {
      const ageMs = nowMs - attempt.beganAtMs;
      const { stuckAfterMs } = attempt.plan;
      if (!attempt.isStuck) {
        if (ageMs >= stuckAfterMs) {
          isNewlyStuck = attempt.isStuck = true;
          this.stuckCount++;
        } else nextMs = Math.min(nextMs, stuckAfterMs - ageMs);
      }
      if (!attempt.isOverdue) {
        if (ageMs >= limits.overdueMs) isNewlyOverdue = attempt.isOverdue = true;
        else nextMs = Math.min(nextMs, limits.overdueMs - ageMs);
      }
    }
    // Soon enough for attempts that begin meanwhile; the clock may not resolve a part of a millisecond.
    if (nextMs !== Infinity) this.lookAfter(Math.max(1, Math.min(nextMs, limits.stuckMs)));
    if (isNewlyStuck) this.options.onStuck();
    if (isNewlyOverdue) this.options.onOverdue();
  }
}

const endpointsOf = (attempts: readonly Attempt[]) => new Set(attempts.map(({ plan }) => plan.endpoint));

function isSilent({ silentLooks }: Attempt): boolean {
  return silentLooks >= silentLooksMin;
}

/**
 * Null while the attempt may yet be answered. A member that tells its status, but does not answer the attempt, may have passed
 * it on to the new leader a moment ago: it has until the next judgement. A member that was silent until now may be back: the
 * next judgement hears it, and the member that serves elsewhere may have waited for it, too.
 */
function whyInVain(attempt: Attempt, leader: Leader): string | null {
  const { term } = attempt.plan;
  if (term >= 0 && leader.term > term) {
    attempt.newerLooks++;
    if (isSilent(attempt) || attempt.newerLooks >= 2) return 'another term has begun since';
  }
  return attempt.isServedElsewhere ? 'another member serves' : null;
}

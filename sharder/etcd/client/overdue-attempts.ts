/**
 * Attempts that take too long, and when to wait for them no more. A transaction holds up all that waits behind it in its
 * lane, so one that a member cannot answer must not be waited for until its own bound while other members serve. As long as
 * an attempt is overdue, the members are asked again and again (see `LeaderSearch`), and it is ended early when by what they
 * say it waits in vain. Nothing else changes: what became of it is as unknown as after its bound, since it may still be
 * carried out. A second transaction beside it, for other keys, would begin no sooner: not before another member serves.
 */
import type { Limits } from '../../core/limits.ts';
import type { Clock } from '../../core/ports.ts';
import type { Leader } from './endpoint-choice.ts';

interface Attempt {
  readonly endpoint: string;
  /** The newest term that was known when it was sent; -1: none. */
  readonly term: number;
  readonly beganAtMs: number;
  /** Ends it; what became of it is not known. */
  readonly end: (message: string) => void;
  /** Since the last judgement, the member that it was sent to has told its status. */
  isHeard: boolean;
  /** Since that member was last heard, another one has answered a read. */
  isServedElsewhere: boolean;
  /** Judgements since that member was last heard. */
  silentLooks: number;
  /** Judgements by which a newer term has a leader. */
  newerLooks: number;
}

export interface OverdueOptions {
  clock: Clock;
  limits: Limits;
  /** An attempt has become overdue: it is time to ask the members. */
  onOverdue(): void;
}

/** A member that was silent when it was asked once may have been busy for a moment. */
const silentLooksMin = 2;

export class OverdueAttempts {
  private readonly options: OverdueOptions;
  /** Those that are not overdue yet, the oldest first. */
  private readonly young = new Set<Attempt>();
  private readonly overdue = new Set<Attempt>();
  private isTimed = false;

  constructor(options: OverdueOptions) {
    this.options = options;
  }

  /** Attempts that are overdue now. */
  get size(): number {
    return this.overdue.size;
  }

  /** True while one waits for a member that is silent: whether others serve meanwhile is worth a read. */
  get isWorthARead(): boolean {
    return [...this.overdue].some(isSilent);
  }

  /** An attempt begins; `onEnded` is to be told when it has ended. `end` ends it, whose outcome is not known then. */
  begin(endpoint: string, term: number, end: (message: string) => void): Attempt {
    const attempt: Attempt = {
      endpoint,
      term,
      beganAtMs: this.options.clock.nowMs(),
      end,
      isHeard: false,
      isServedElsewhere: false,
      silentLooks: 0,
      newerLooks: 0,
    };
    this.young.add(attempt);
    if (!this.isTimed) this.lookAfter(this.options.limits.overdueMs);
    return attempt;
  }

  onEnded(attempt: Attempt): void {
    if (!this.young.delete(attempt)) this.overdue.delete(attempt);
  }

  /** Members that an attempt waits for and that did not tell their status when they were last asked. */
  silentEndpoints(): ReadonlySet<string> {
    const silent = [...this.overdue].filter(({ silentLooks }) => silentLooks > 0);
    return new Set(silent.map(({ endpoint }) => endpoint));
  }

  /** The member there has told its status. */
  noteStatus(endpoint: string): void {
    for (const attempt of this.overdue) if (attempt.endpoint === endpoint) attempt.isHeard = true;
  }

  /** A member that is none of the silent ones has answered a linearizable read: so there is a leader that it reaches. */
  noteRead(): void {
    for (const attempt of this.overdue) if (isSilent(attempt)) attempt.isServedElsewhere = true;
  }

  /** All have been asked for their status; `leader` is who leads by it, null: nobody, and no other member serves better. */
  judge(leader: Leader | null): void {
    for (const attempt of this.overdue) {
      attempt.silentLooks = attempt.isHeard ? 0 : attempt.silentLooks + 1;
      if (attempt.isHeard) attempt.isServedElsewhere = false;
      attempt.isHeard = false;
      const reason = leader === null ? null : whyInVain(attempt, leader);
      if (reason === null) continue;
      this.overdue.delete(attempt);
      attempt.end(`${attempt.endpoint}: no answer, and ${reason}`);
    }
  }

  /** One timer for all: most attempts end in milliseconds, and one for each would cost more than the rest. */
  private lookAfter(delayMs: number): void {
    this.isTimed = true;
    this.options.clock.schedule(delayMs, () => this.look());
  }

  private look(): void {
    const { clock, limits } = this.options;
    this.isTimed = false;
    for (const attempt of this.young) {
      const leftMs = attempt.beganAtMs + limits.overdueMs - clock.nowMs();
      if (leftMs > 0) return this.lookAfter(leftMs);
      this.young.delete(attempt);
      this.overdue.add(attempt);
      this.options.onOverdue();
    }
  }
}

function isSilent({ silentLooks }: Attempt): boolean {
  return silentLooks >= silentLooksMin;
}

/**
 * Null while it may yet be answered. A member that tells its status, but does not answer what was sent to it, may have passed
 * that on to the new leader a moment ago: it has until the next judgement. One that was silent until now may be back: it is
 * heard by the next judgement, and whoever serves elsewhere may have waited for it, too.
 */
function whyInVain(attempt: Attempt, leader: Leader): string | null {
  if (attempt.term >= 0 && leader.term > attempt.term) {
    attempt.newerLooks++;
    if (isSilent(attempt) || attempt.newerLooks >= 2) return 'another term has begun since';
  }
  return attempt.isServedElsewhere ? 'another member serves' : null;
}

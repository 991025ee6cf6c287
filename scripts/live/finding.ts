/**
 * The faults of the cluster that a live run finds apart from its history: a process that ended and was not struck, and a time
 * without an answer that no fault explains.
 */

export type Finding =
  | {
      kind: 'process-ended';
      /** Name of the member, sharder or view server. */
      who: string;
      /** When it was last seen running, in nanoseconds since the recorder began. */
      fromNs: number;
      /** When it was seen running again, or the run itself started it; null: not before the run's end. */
      untilNs: number | null;
    }
  | {
      kind: 'no-answer';
      /** Name of the shard. */
      who: string;
      /** The last answer before it, or the first operation. */
      fromNs: number;
      /** The next answer, or the end of the last operation. */
      untilNs: number;
      /** The part of it outside of every fault that excuses it. */
      unexplainedNs: number;
    };

/** A finding as the verdict, the report and `--json` show it. */
export interface ToldFinding {
  kind: Finding['kind'];
  who: string;
  /** Since the recorder began. */
  fromMs: number;
  untilMs: number | null;
  /** One sentence, without the kind and the full stop. */
  what: string;
}

/** In the order of time. */
export function tellFindings(findings: readonly Finding[]): ToldFinding[] {
  return findings
    .toSorted((a, b) => a.fromNs - b.fromNs)
    .map((finding) => ({
      kind: finding.kind,
      who: finding.who,
      fromMs: finding.fromNs / 1e6,
      untilMs: finding.untilNs === null ? null : finding.untilNs / 1e6,
      what: describe(finding),
    }));
}

function describe(finding: Finding): string {
  const { who, fromNs, untilNs } = finding;
  if (finding.kind === 'no-answer')
    return (
      `${who} answered nothing for ${seconds(finding.untilNs - fromNs)}, from ${seconds(fromNs)} to ` +
      `${seconds(finding.untilNs)} of the run, ${seconds(finding.unexplainedNs)} of it under no fault of its own`
    );
  const end = `${who} ended by itself after ${seconds(fromNs)} of the run`;
  return untilNs === null
    ? `${end} and did not run again`
    : `${end} and was away for at most ${seconds(untilNs - fromNs)}`;
}

function seconds(ns: number): string {
  return `${(ns / 1e9).toFixed(1)} s`;
}

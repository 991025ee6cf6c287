/** What the parts of the benchmark have in common: how long they measure, what they find, and what has to hold. */
import type { Pooled } from './pooled.ts';

export interface Settings {
  rounds: number;
  /** Of each measurement, after the warm-up. */
  seconds: number;
  warmSeconds: number;
  say: (text: string) => void;
}

export interface Claim {
  what: string;
  found: string;
  holds: boolean;
}

export interface PartResult {
  /** By condition: "0.9 times", "with the hot key". */
  runs: Record<string, Pooled>;
  claims: Claim[];
  /** Figures that no bound is set for. */
  notes: string[];
}

/** Requests under way at a time: more than any queue of a sharder takes, fewer than it takes connections. */
export const openMax = 8000;

/** Lateness of the load process beyond which it, and not the store, may be what is measured. */
const lagMsMax = 100;
/** A sharder's resident memory, in MiB. */
const residentMebibytesMax = 256;

export function atLeast(what: string, value: number, bound: number): Claim {
  return { what, found: `${value.toFixed(2)} (at least ${bound})`, holds: value >= bound };
}

export function atMost(what: string, value: number, bound: number): Claim {
  return { what, found: `${value.toFixed(2)} (at most ${bound})`, holds: value <= bound };
}

/** What every part has to hold beside its own bounds. */
export function soundness(runs: Record<string, Pooled>, sharderPeakMebibytes: number): Claim[] {
  const lagMs = Math.max(...Object.values(runs).map(({ lagP99Ms }) => lagP99Ms));
  return [
    {
      what: 'the load process sent in time: its p99 lateness',
      found: `${lagMs.toFixed(1)} ms (at most ${lagMsMax})`,
      holds: lagMs <= lagMsMax,
    },
    {
      what: 'peak memory of the sharder',
      found: `${sharderPeakMebibytes.toFixed(0)} MiB (at most ${residentMebibytesMax})`,
      holds: sharderPeakMebibytes <= residentMebibytesMax,
    },
  ];
}

/** The bounds of the movers, each with its reason. One object, so that tests and the simulator can tighten them. */

export interface MoverLimits {
  /** Time for one call to a shard with its retries; after it the step begins anew from the records. */
  callMs: number;
  /** Keys of the first page of the source; later pages have as many keys as come near `pageBytesTarget`. */
  pageKeysMax: number;
  /** Each move holds a page and the next one in memory. */
  pageBytesTarget: number;
  /** Operations of one write into the destination; halved when etcd takes fewer (its --max-txn-ops). */
  writeOperationsMax: number;
  /** Bytes of one write: far below etcd's request limit, since users' writes wait behind it. */
  writeBytesMax: number;
  /** Keys of one deletion when slots are cleared: the deletion stops the shard's writes meanwhile. */
  clearKeysMax: number;
  /** Deletions of one move that are under way at the same time, so that the move does not wait for the disk after each. */
  clearsInFlightMax: number;
  /** Writes of one move that are under way at the same time while it copies. */
  writesInFlightMax: number;
  /** Bytes that a watch has delivered and that are not written yet; past it the watch is closed, and opened again later. */
  tailBytesMax: number;
  /** Slots stop only when so few keys are left to write that one transaction takes them ... */
  freezeLagKeysMax: number;
  /** ... and when the source's watch and the destination answer within this time, or nearly as quickly as they ever did ... */
  freezeProbeMs: number;
  /** ... for which the mover probes so many times at most; then this is quick enough, and more with each probe: see `quickEnoughMs`. */
  freezeProbesPatient: number;
  freezeProbeMsMax: number;
  /** Writes of other moves that copy or clear wait so long at most, each, while slots are stopped. */
  yieldMsMax: number;
  /** If a move could have fewer slots, they stop only when the source lists the changes within this time, in so many rounds. */
  proofMsMax: number;
  rehearsalsMax: number;
  /** Keys of one answer that lists changed keys. */
  listedKeysMax: number;
  /** Keys that may change between a copy and its proof: with more the copy is made again. */
  provenKeysMax: number;
  /** Copies of one move that fail because history was forgotten or the proof failed; then the move is given up. */
  triesMax: number;
  /** Stopped slots that are not handed over within this time go back to the source. Below the sharders' `heldMsMax`. */
  freezeMsMax: number;
  /** Hand-overs at the same time: few slots stop at a time, and for as short a time as the disks allow. */
  freezesMax: number;
  /** Slots of one move at most: each takes an operation of the freeze, and etcd may take as few as 128. */
  slotsPerMoveMax: number;
  /** The pause between two reads of the view when no sign of a change comes. */
  viewPollMs: number;
  /** The least pause between two writes of the view's copy in one shard; up to `mirrorPauseMsMax` while it does not answer. */
  mirrorPauseMs: number;
  mirrorPauseMsMax: number;
  /** Pauses after a failed step grow from this ... */
  retryPauseMs: number;
  /** ... to this. */
  retryPauseMsMax: number;
  /** The pause between two looks whether a full destination has room again. */
  roomPollMs: number;
  /** Moves of a shard that has not answered for so long take no place from others, even before they fail. */
  silentMs: number;
  /** A move without progress for so long takes no place from others: longer than a shard takes to elect a leader. */
  blockedMs: number;
  /** A mover that lost a move to another mover leaves it alone so long at first, twice as long each time, up to ... */
  supersededPauseMs: number;
  supersededPauseMsMax: number;
}

export const defaultMoverLimits: Readonly<MoverLimits> = {
  callMs: 3000,
  pageKeysMax: 1200,
  pageBytesTarget: 4 * 1024 * 1024,
  writeOperationsMax: 300,
  writeBytesMax: 512 * 1024,
  clearKeysMax: 500,
  clearsInFlightMax: 2,
  writesInFlightMax: 3,
  tailBytesMax: 32 * 1024 * 1024,
  freezeLagKeysMax: 64,
  freezeProbeMs: 10,
  freezeProbesPatient: 3,
  freezeProbeMsMax: 250,
  yieldMsMax: 100,
  proofMsMax: 250,
  rehearsalsMax: 4,
  listedKeysMax: 20_000,
  provenKeysMax: 500_000,
  triesMax: 5,
  freezeMsMax: 1000,
  freezesMax: 1,
  slotsPerMoveMax: 120,
  viewPollMs: 500,
  mirrorPauseMs: 1000,
  mirrorPauseMsMax: 30_000,
  retryPauseMs: 50,
  retryPauseMsMax: 1000,
  roomPollMs: 1000,
  silentMs: 500,
  blockedMs: 5000,
  supersededPauseMs: 500,
  supersededPauseMsMax: 30_000,
};

/** The part of `freezeProbeMsMax` that each further probe adds. */
const probeGrowth = 0.25;
/** The part of `freezeMsMax` that a probe may take: slots that stop for as long are handed over in time. */
const probeShareMax = 0.75;

/**
 * How long a probe may take: the slots of a shard that is never quick have to move some day, too. Past the bound they could
 * not be handed over before they go back.
 */
export function quickEnoughMs(limits: MoverLimits, probes: number): number {
  const { freezeProbesPatient, freezeProbeMsMax, freezeMsMax } = limits;
  const impatience = Math.max(0, probes - freezeProbesPatient - 1);
  const grownMs = freezeProbeMsMax * (1 + probeGrowth * impatience);
  return Math.max(freezeProbeMsMax, Math.min(grownMs, probeShareMax * freezeMsMax));
}

/** How long the listing of a slot that is alone in its move may take: the move cannot have fewer slots. */
export function proofMsMaxOfOne({ freezeMsMax }: Pick<MoverLimits, 'freezeMsMax'>): number {
  return probeShareMax * freezeMsMax;
}

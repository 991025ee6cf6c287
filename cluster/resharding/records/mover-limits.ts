/** The bounds of the movers, each with its reason. One object, so that tests and the simulator can tighten them. */

export interface MoverLimits {
  /** One call to a shard with its repetitions; past it the step is begun anew from the records. */
  callMs: number;
  /** Keys of one page of the source, at first; later as many as come near `pageBytesTarget`. */
  pageKeysMax: number;
  /** A page is held in memory, and the next one, for each move. */
  pageBytesTarget: number;
  /** Operations of one write into the destination; halved when etcd takes fewer (its --max-txn-ops). */
  writeOperationsMax: number;
  /** Bytes of one write: far below etcd's request limit, since users' writes wait behind it. */
  writeBytesMax: number;
  /** Keys that one deletion takes away when slots are cleared: it stops the shard's writes for so long. */
  clearKeysMax: number;
  /** Deletions of one move that are under way at the same time: the disk is not waited for after each. */
  clearsInFlightMax: number;
  /** Writes of one move that are under way at the same time while it copies. */
  writesInFlightMax: number;
  /** What a watch has delivered and is not written yet; past it the watch is closed and opened again later. */
  tailBytesMax: number;
  /** Slots stop only when so few keys are left to write that it is done in one go ... */
  freezeLagKeysMax: number;
  /** ... and when the source's watch and the destination answer as quickly as this, or nearly as quickly as they ever did ... */
  freezeProbeMs: number;
  /** ... which is waited for so many times at most; then this is quick enough, and more with each probe: see `quickEnoughMs`. */
  freezeProbesPatient: number;
  freezeProbeMsMax: number;
  /** What other moves copy and clear waits so long at most, at each write, while slots are stopped. */
  yieldMsMax: number;
  /** Slots that could be fewer stop only where their source lists what has changed as quickly as this, in so many rounds. */
  proofMsMax: number;
  rehearsalsMax: number;
  /** Keys of one answer that lists what has changed. */
  listedKeysMax: number;
  /** Keys that may change from a copy to its proof: more are not remembered, and the copy is made again. */
  provenKeysMax: number;
  /** Copies of one move that come to nothing because history was forgotten or the proof failed; then it is given up. */
  triesMax: number;
  /** Slots that have stopped and not been handed over by then go back to the source. Below the sharders' `heldMsMax`. */
  freezeMsMax: number;
  /** Hand-overs at the same time: few slots stop at a time, and for as short as the disks allow. */
  freezesMax: number;
  /** Slots of one move at most: each takes an operation of the freeze, and etcd may take as few as 128. */
  slotsPerMoveMax: number;
  /** How often the view is read when nothing says that it has changed. */
  viewPollMs: number;
  /** Between two writes of the view's copy in one shard, at least; up to `mirrorPauseMsMax` while it does not answer. */
  mirrorPauseMs: number;
  mirrorPauseMsMax: number;
  /** Pauses after a failed step grow from this ... */
  retryPauseMs: number;
  /** ... to this. */
  retryPauseMsMax: number;
  /** How often it is looked whether a full destination has room again. */
  roomPollMs: number;
  /** Moves of a shard that has answered nothing for so long take no place from others; they may not have failed yet. */
  silentMs: number;
  /** A move that has come no further for so long takes no place from others: longer than a shard takes to choose a leader. */
  blockedMs: number;
  /** Whoever lost a move to another mover leaves it alone so long at first, twice as long each time, up to ... */
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

/** Of `freezeProbeMsMax`, with each probe more. */
const probeGrowth = 0.25;
/** Of `freezeMsMax`: slots that stop for as long as a probe took are handed over in time. */
const probeShareMax = 0.75;

/**
 * How long a probe may take: on a shard that is never as quick as is hoped for, the slots have to go some day. Past the
 * bound they could not be handed over before they go back.
 */
export function quickEnoughMs(limits: MoverLimits, probes: number): number {
  const { freezeProbesPatient, freezeProbeMsMax, freezeMsMax } = limits;
  const impatience = Math.max(0, probes - freezeProbesPatient - 1);
  const grownMs = freezeProbeMsMax * (1 + probeGrowth * impatience);
  return Math.max(freezeProbeMsMax, Math.min(grownMs, probeShareMax * freezeMsMax));
}

/** How long a slot that is alone in its move may take to be listed: it cannot be fewer. */
export function proofMsMaxOfOne({ freezeMsMax }: Pick<MoverLimits, 'freezeMsMax'>): number {
  return probeShareMax * freezeMsMax;
}

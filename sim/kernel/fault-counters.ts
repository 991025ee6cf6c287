/** How often each fault has had an effect in a run. A run whose faults are all zero has proved nothing about faults. */
export interface FaultCounters {
  /** Datagrams that were lost by chance. */
  lostDatagrams: number;
  duplicatedDatagrams: number;
  /** Messages that were held back by chance so that later ones overtake them. */
  reorderedMessages: number;
  /** Bytes of a stream that were lost by chance and sent again: a delay. */
  retransmissions: number;
  /** Datagrams that met a cut or a partition. */
  cutDatagrams: number;
  /** Messages of a stream that waited for a cut, a partition or a clog to end. */
  heldMessages: number;
  /** Calls whose connection was refused or reset. */
  refusedConnections: number;
  resetConnections: number;
  kills: number;
  powerFailures: number;
  restarts: number;
  pauses: number;
  /** Writes that were under way to a disk when the power failed. */
  lostWrites: number;
  /** Syncs that met a stall of their disk. */
  stalledSyncs: number;
  /** Answers that members gave whatever they had stored, by the name of the answer. */
  oddAnswers: Record<string, number>;
  /** Times that a member became leader. */
  elections: number;
  /** Members whose disks were lost. */
  lostDisks: number;
  /** Members that have got their vote: in the place of one whose disk was lost, or besides the others. */
  membersJoined: number;
  membersLeft: number;
  /** Snapshots that members have taken in the place of entries. */
  snapshots: number;
}

export function newFaultCounters(): FaultCounters {
  return {
    lostDatagrams: 0,
    duplicatedDatagrams: 0,
    reorderedMessages: 0,
    retransmissions: 0,
    cutDatagrams: 0,
    heldMessages: 0,
    refusedConnections: 0,
    resetConnections: 0,
    kills: 0,
    powerFailures: 0,
    restarts: 0,
    pauses: 0,
    lostWrites: 0,
    stalledSyncs: 0,
    oddAnswers: {},
    elections: 0,
    lostDisks: 0,
    membersJoined: 0,
    membersLeft: 0,
    snapshots: 0,
  };
}

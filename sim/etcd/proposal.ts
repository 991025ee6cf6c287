/** What entries of a cluster's log carry. */
import { MembershipChange } from '../raft/membership.ts';
import type { Entry } from '../raft/message.ts';
import type { LoggedRequest } from './state-machine.ts';

/** A write, and a number that is unique in the cluster. */
export interface Proposal {
  id: number;
  request: LoggedRequest;
}

/** Null: a leader opens its term. */
export type Payload = Proposal | MembershipChange | null;

/** In the order of the log. */
export function requestsIn(entries: readonly Entry[]): LoggedRequest[] {
  return entries.flatMap(({ payload }) =>
    payload === null || payload instanceof MembershipChange ? [] : [(payload as Proposal).request],
  );
}

export function changesIn(entries: readonly Entry[]): MembershipChange[] {
  return entries.flatMap(({ payload }) => (payload instanceof MembershipChange ? [payload] : []));
}

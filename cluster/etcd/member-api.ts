/**
 * The members of an etcd cluster, by etcd's own list, and changes of that list. Each change is one entry of the cluster's log
 * and needs its quorum. A failed call may have changed the list: the caller reads the list before it goes on.
 */
import { z } from 'zod';
import { callGateway } from './gateway.ts';

/** An entry waits for the slowest disk of a quorum. */
const timeoutMs = 7000;

/** Empty and false fields are left out; ids are numbers of 64 bits, as decimal text. */
const etcdMember = z
  .object({
    ID: z.string(),
    /** Empty until it has been started. */
    name: z.string().default(''),
    peerURLs: z.array(z.string()).default([]),
    isLearner: z.boolean().default(false),
  })
  .transform(({ ID, ...rest }) => ({ id: ID, ...rest }));
export type EtcdMember = z.output<typeof etcdMember>;

/**
 * All members, learners too. etcd 3.4 answers from what the asked member has applied: ask the leader.
 * @param url of a member of the cluster, for its clients.
 * @throws Error
 */
export async function listEtcdMembers(url: string): Promise<EtcdMember[]> {
  const answer = await call(url, 'list', { linearizable: true });
  return z.object({ members: z.array(etcdMember) }).parse(answer).members;
}

/** Adds a member that has no vote: it gets the data, and the quorum does not wait for it. @throws Error */
export async function addLearner(url: string, peerUrl: string): Promise<EtcdMember> {
  const answer = await call(url, 'add', { peerURLs: [peerUrl], isLearner: true });
  return z.object({ member: etcdMember }).parse(answer).member;
}

/** @throws Error, for example when etcd finds that the rest would be without a quorum. */
export async function removeEtcdMember(url: string, id: string): Promise<void> {
  await call(url, 'remove', { ID: id });
}

/** Gives a learner its vote. @throws Error where it has not caught up with the leader. */
export async function promoteLearner(url: string, id: string): Promise<void> {
  await call(url, 'promote', { ID: id });
}

/** Makes another member the leader; etcd answers when it is. @param url of the leader. @throws Error when it does not become so. */
export async function moveLeader(url: string, targetId: string): Promise<void> {
  const path = '/v3/maintenance/transfer-leadership';
  await callGateway(url, { path, body: { targetID: targetId }, timeoutMs });
}

/** As etcd's own tools and logs write an id. */
export function asHex(id: string): string {
  return BigInt(id).toString(16);
}

function call(url: string, what: string, body: object): Promise<unknown> {
  return callGateway(url, { path: `/v3/cluster/member/${what}`, body, timeoutMs });
}

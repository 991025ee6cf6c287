/** The store's revision when a request was applied, by its reply. */
import type { ReplyHeader } from './etcd-messages.ts';
import { present } from './invariant.ts';

/** @param reply not one inside a transaction's reply: those have no header. */
export function revisionOf({ header }: { header: ReplyHeader | null }): number {
  return present(header, 'the header of a reply').revision;
}

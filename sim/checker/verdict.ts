/** The checker's verdict on a history. Numbers that name operations are indexes into the judged history. */

export type KeyVerdict = {
  readonly key: string | null;
  /** Operations that were judged: failed ones and open reads are left out, because they say nothing. */
  readonly operations: number;
  /** Which way the verdict was found: by the store's versions, or by search. */
  readonly path: 'versions' | 'search';
} & (
  | {
      readonly kind: 'ok';
      /** One linearization. Open operations that are not in it never took effect. */
      readonly order: readonly number[];
    }
  | {
      readonly kind: 'illegal';
      /** A longest linearization of the operations before the one that cannot be placed. */
      readonly order: readonly number[];
      readonly blocked: number;
      /** The operation that it contradicts, if there is a single one. */
      readonly against?: number;
      /** One sentence without a full stop. */
      readonly reason: string;
    }
  | {
      readonly kind: 'unknown';
      /** The longest linearization that was found before the budget ran out. */
      readonly order: readonly number[];
      readonly exhausted: 'steps' | 'bytes';
    }
);

export interface HistoryVerdict {
  /** `illegal` when one key is; else `unknown` when one key is; else `ok`. */
  readonly kind: 'ok' | 'illegal' | 'unknown';
  /** In the order in which the keys first appear. */
  readonly keys: readonly KeyVerdict[];
}

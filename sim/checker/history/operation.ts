/**
 * A client's requests to the store and what it learned: the alphabet of every history that the checker judges. A
 * history is a list of operations in any order; only their moments say what came before what.
 */

/** A value of the register. `null` and a missing key are the same state. */
export type Scalar = string | number | boolean | null;

export type Action =
  | { readonly kind: 'get' }
  | { readonly kind: 'put'; readonly value: Scalar }
  /** Writes `value` if the register holds `expected`. */
  | { readonly kind: 'cas'; readonly expected: Scalar; readonly value: Scalar }
  /** Appends `value` to the present value; a missing key counts as "", any other scalar as its JSON text. */
  | { readonly kind: 'append'; readonly value: string }
  | { readonly kind: 'delete' };

/**
 * What the client learned.
 * - `ok`: the operation took effect (or read) at one moment between its invocation and its return.
 * - `mismatch`: for a cas alone: the register did not hold `expected`; nothing was written. An observation.
 * - `fail`: certainly not applied, nothing observed. The checker leaves it out.
 * - `open`: no usable answer: it may take effect at any moment after its invocation, or never.
 */
export type Outcome =
  | {
      readonly kind: 'ok';
      /** What a get returned, null when the key was missing. Required of a get, ignored elsewhere. */
      readonly value?: Scalar;
      /**
       * The store's version, a positive integer that rises with every write of the key and is never reused. Of a write:
       * the version that it made. Of a read that found a value: the version of that value. Of a read or a delete that
       * found nothing: a bound, 0 or more, the store's version when it looked: writes of the key up to it came before,
       * later ones after. A delete with a version removed something, unless `removed` is false.
       */
      readonly version?: number;
      /** Of a delete: false when there was nothing to remove, which observes absence; true when there was something. */
      readonly removed?: boolean;
    }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'fail' }
  | { readonly kind: 'open' };

export interface Operation {
  readonly process: number;
  /** null: the one register of a history without keys. */
  readonly key: string | null;
  readonly action: Action;
  readonly outcome: Outcome;
  /**
   * Moments on one clock for the whole history: nanoseconds, or the numbers of events in the order in which they were
   * recorded. A came before B when `A.returned < B.invoked`; equal moments are concurrent.
   */
  readonly invoked: number;
  /** Not before `invoked`. Without meaning when the outcome is `open`. */
  readonly returned: number;
}

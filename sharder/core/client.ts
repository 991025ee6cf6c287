/** Who asks: one connection of a user, as far as the store needs to know it. */

export interface Client {
  /** True from the moment when nobody is there to hear an answer: what was not sent for it yet is dropped. */
  readonly gone: boolean;
}

/** What is said of a whole request, and so of each of its operations. */
export interface ExecuteOptions {
  /** Absent or null: the process itself, which never goes and has no share to keep to. */
  client?: Client | null;
  /** On the store's clock; absent: an operation timeout from now. */
  deadlineAtMs?: number;
}

/** Checks for the fields of records that come out of etcd: a malformed record must never be used. */

export function asObject(raw: unknown, what: string): Record<string, unknown> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new Error(`${what} must be an object`);
  return raw as Record<string, unknown>;
}

export function asCount(raw: unknown, what: string): number {
  if (!Number.isSafeInteger(raw) || (raw as number) < 0) throw new Error(`${what} must be a whole number`);
  return raw as number;
}

export function asText(raw: unknown, what: string): string {
  if (typeof raw !== 'string' || raw === '') throw new Error(`${what} must be a non-empty string`);
  return raw;
}

export function asList(raw: unknown, what: string): unknown[] {
  if (!Array.isArray(raw)) throw new Error(`${what} must be a list`);
  return raw;
}

/** Fields of a later version. */
export type Others = Readonly<Record<string, unknown>>;

/**
 * The fields of a record that this version does not know. Code that reads a record and writes it again keeps them: a later
 * version wrote them, and reads them when it runs again.
 */
export function othersOf(record: Others, known: readonly string[]): { others?: Others } {
  const others = Object.entries(record).filter(([name]) => !known.includes(name));
  return others.length === 0 ? {} : { others: Object.fromEntries(others) };
}

/** The bytes are no record that this program knows: it takes them for no answer, and does not crash. */
export class RecordError extends Error {
  override name = 'RecordError';
}

/** @throws RecordError with the reason when the bytes are not what `decode` takes. */
export function readRecord<Record>(decode: () => Record): Record {
  try {
    return decode();
  } catch (error) {
    throw new RecordError(String(error), { cause: error });
  }
}

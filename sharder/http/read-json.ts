/** Reads a body that is one JSON object, and keeps nothing of it but what was parsed. */
import { freeMemory } from './body-buffer.ts';
import type { Budgets, RouteRequest } from './context.ts';
import type { JsonBounds } from './json-scanner.ts';
import type { Hold } from './memory-budget.ts';
import { parseJsonObject } from './parse-json.ts';
import { largeBodyBytes, readBody } from './read-body.ts';

export interface JsonBody {
  fields: Record<string, unknown>;
  /** As `Body.hold`. */
  hold: Hold | null;
}

/**
 * @throws HttpError as `readBody`, and 400 when the body is not the JSON text of an object in UTF-8.
 */
export async function readJson(
  routed: RouteRequest,
  bytesMax: number,
  budgets: Pick<Budgets, 'bodies'>,
  bounds: JsonBounds,
): Promise<JsonBody> {
  const { bytes, hold } = await readBody(routed, bytesMax, budgets, bounds);
  try {
    return { fields: parseJsonObject(bytes), hold };
  } finally {
    // A large body has memory of its own, a small one may be a part of what the socket read.
    if (bytes.length > largeBodyBytes) freeMemory(bytes);
  }
}

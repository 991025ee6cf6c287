/** JSON bodies: UTF-8, one object. */
import { badRequest } from './http-error.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** @throws HttpError 400 when the body is not the JSON text of an object in UTF-8. */
export function parseJsonObject(body: Uint8Array): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(decoder.decode(body));
  } catch (error) {
    throw badRequest(`the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw badRequest('the body must be a JSON object');
  }
  return parsed as Record<string, unknown>;
}

/**
 * Refuses unknown fields: a misspelt one would be taken for one that is left out.
 * @param fields those that are not known. @throws HttpError 400
 */
export function refuseUnknown(fields: object, where: string): void {
  const [first] = Object.keys(fields);
  if (first !== undefined)
    throw badRequest(`${where} has an unknown field ${JSON.stringify(first.slice(0, 100))}`);
}

/** Keys as they come in: any well-formed UTF-8 text without NUL, 1 byte to 1 KiB. */
import { badRequest, tooLarge } from './http-error.ts';

/** @throws HttpError 400 or 413. */
export function checkKey(key: string, bytesMax: number): string {
  if (key === '') throw badRequest('the key is empty');
  // Three bytes a unit at most: only long keys need to be measured.
  if (key.length * 3 > bytesMax && Buffer.byteLength(key) > bytesMax) {
    throw tooLarge(`the key is longer than ${bytesMax} bytes of UTF-8`);
  }
  if (key.includes('\0')) throw badRequest('the key contains NUL');
  if (!key.isWellFormed()) throw badRequest('the key is not well-formed Unicode');
  return key;
}

/** The key that the rest of a path spells. @throws HttpError 400 when its percent-encoding is not UTF-8. */
export function keyFromPath(encoded: string, bytesMax: number): string {
  if (!encoded.includes('%')) return checkKey(encoded, bytesMax);
  try {
    return checkKey(decodeURIComponent(encoded), bytesMax);
  } catch (error) {
    if (error instanceof URIError) throw badRequest('the key in the path is not valid percent-encoded UTF-8');
    throw error;
  }
}

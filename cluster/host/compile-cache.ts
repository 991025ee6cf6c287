/**
 * Where Node.js keeps what V8 has made of a module, types stripped, and reads it again: half of a start is that. Where it
 * cannot be written it is not.
 */
import { join } from 'node:path';

export function compileCacheOf(checkout: string): string {
  return join(checkout, 'node_modules', '.cache', 'compiled');
}

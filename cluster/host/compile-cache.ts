/**
 * The folder in which Node.js keeps V8's compiled code of modules, types stripped, and reads it again: compiling is half of a
 * start. If the folder cannot be written, there is no cache.
 */
import { join } from 'node:path';

export function compileCacheOf(checkout: string): string {
  return join(checkout, 'node_modules', '.cache', 'compiled');
}

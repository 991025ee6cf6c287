/** The folders and files that a command works on. No command depends on the current folder. */
import { join } from 'node:path';

/** The folder with package.json. */
export const checkout = join(import.meta.dirname, '..', '..');

/** An etcd of the user's, and those that were fetched or built; the same for every state folder. */
export const binaries = process.env['VASE_BIN'] || join(checkout, '.vase', 'bin');

/** VASE_STATE, or `.vase` in the checkout. */
export function stateRoot(): string {
  return process.env['VASE_STATE'] || join(checkout, '.vase');
}

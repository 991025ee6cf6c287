/** The hash that places keys: XXH32 with seed 0 over the UTF-8 bytes of a string. Fixed for ever: it decides where data lie. */
import xxhash from 'xxhash-wasm';

const hasher = await xxhash();

/** An unsigned 32-bit integer. Specification and vectors: the xxHash project's doc/xxhash_spec.md. */
export function hashText(text: string): number {
  return hasher.h32(text, 0);
}

/**
 * The bytes of one body as they arrive. The buffer triples when it is full: a body that comes in tiny pieces then costs no
 * object for each piece, and is not copied as a whole at its end.
 */
const firstBytes = 16 * 1024;
const nothing = Buffer.alloc(0);

export class BodyBuffer {
  private readonly bytesMax: number;
  private buffer = nothing;
  private length = 0;

  /** @param bytesMax that can come at most: it never grows past it. */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** What it takes of memory once `chunk` is in it. */
  capacityWith(chunk: Uint8Array): number {
    const needed = this.length + chunk.length;
    if (needed <= this.buffer.length) return this.buffer.length;
    return Math.min(this.bytesMax, Math.max(needed, firstBytes, 3 * this.buffer.length));
  }

  /** Those so far must be at most `bytesMax`. */
  append(chunk: Uint8Array): void {
    const capacity = this.capacityWith(chunk);
    if (capacity > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(capacity);
      this.buffer.copy(grown, 0, 0, this.length);
      freeMemory(this.buffer);
      this.buffer = grown;
    }
    this.buffer.set(chunk, this.length);
    this.length += chunk.length;
  }

  /** Shares its memory. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}

/**
 * At once, not when garbage is collected next: what a budget gets back must be free, or the next body comes on top of it.
 * @param buffer that shares its memory with none but views of it, which are empty afterwards.
 */
export function freeMemory(buffer: Buffer): void {
  if (buffer.length > 0) (buffer.buffer as ArrayBuffer).transfer(0);
}

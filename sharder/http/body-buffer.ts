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

  /** @param bytesMax the most that can come: the buffer never grows past it. */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** The memory that the buffer takes once `chunk` is in it. */
  capacityWith(chunk: Uint8Array): number {
    const needed = this.length + chunk.length;
    if (needed <= this.buffer.length) return this.buffer.length;
    return Math.min(this.bytesMax, Math.max(needed, firstBytes, 3 * this.buffer.length));
  }

  /** The bytes so far, with these, must be at most `bytesMax`. */
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

  /** The bytes so far; they share the buffer's memory. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}

/**
 * Frees it now, not at the next collection of garbage: what a budget gets back must be free, or the next body adds to it.
 * @param buffer whose memory only views of it share; they are empty afterwards.
 */
export function freeMemory(buffer: Buffer): void {
  if (buffer.length > 0) (buffer.buffer as ArrayBuffer).transfer(0);
}

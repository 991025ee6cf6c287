/** Reads a text from another process of the cluster, bounded in time and bytes. */

export interface TextBounds {
  readMsMax: number;
  bytesMax: number;
}

/** Null when the call was refused, reset, too slow or too large: the reason does not matter, there is no text. */
export async function readText(
  url: string | URL,
  { readMsMax, bytesMax }: TextBounds,
): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(readMsMax) });
    const parts: Uint8Array[] = [];
    let bytes = 0;
    // Leaving the loop closes the connection.
    for await (const part of response.body ?? []) {
      bytes += part.length;
      if (bytes > bytesMax) return null;
      parts.push(part);
    }
    return response.ok ? Buffer.concat(parts).toString() : null;
  } catch {
    return null;
  }
}

/** Verdicts that are kept while the sources that they depend on are the same: a file of JSON lines, one a verdict. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkout } from '../syntax/rooms.ts';

export class KeptVerdicts<Verdict> {
  private readonly path: string;
  private readonly known = new Map<string, Verdict>();

  constructor(path: string) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    for (const line of lines) {
      const kept = parse(line) as { key: string; verdict: Verdict } | null;
      if (kept !== null) this.known.set(kept.key, kept.verdict);
    }
  }

  get(key: string): Verdict | undefined {
    return this.known.get(key);
  }

  set(key: string, verdict: Verdict): void {
    this.known.set(key, verdict);
    appendFileSync(this.path, `${JSON.stringify({ key, verdict })}\n`);
  }
}

/** The last line may have been cut off when the process was killed. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** A digest of the contents of these files. */
export function digestOf(...patterns: string[]): string {
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: checkout })).toSorted();
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(checkout, file)))
      .update('\0');
  return hash.digest('hex').slice(0, 12);
}

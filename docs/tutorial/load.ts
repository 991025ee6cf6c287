/**
 * The load of the lessons: eight clients write keys, one after the other, for so many seconds; then every key whose write was
 * acknowledged is read back. `node docs/tutorial/load.ts 127.0.0.1:5000 10`
 */
const clients = 8;

const [address = '127.0.0.1:5000', seconds = '10'] = process.argv.slice(2);
const urlOf = (key: string) => `http://${address}/v1/kv/${key}`;
const acknowledged = new Map<string, string>();
const statuses = new Map<number, number>();
let slowestMs = 0;

const endAtMs = performance.now() + 1000 * Number(seconds);

/** A key is written once, so that whatever is there later is what was acknowledged. */
async function write(client: number): Promise<void> {
  for (let number = 0; performance.now() < endAtMs; number++) {
    const [key, value] = [`load-${client}-${number}`, `value ${number} of client ${client}`];
    const startedAtMs = performance.now();
    const { status } = await fetch(urlOf(key), { method: 'PUT', body: value });
    slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 204) acknowledged.set(key, value);
  }
}

async function countMissing(): Promise<number> {
  let missing = 0;
  for (const [key, value] of acknowledged) {
    const answer = await fetch(urlOf(key));
    if ((await answer.text()) !== value) missing++;
  }
  return missing;
}

await Promise.all(Array.from({ length: clients }, (_, client) => write(client)));
const told = [...statuses].map(([status, count]) => `${count} answered ${status}`).join(', ');
process.stdout.write(`${told}; the slowest took ${Math.round(slowestMs)} ms\n`);
const missing = await countMissing();
process.stdout.write(`${acknowledged.size} acknowledged, ${missing} of them missing\n`);
process.exitCode = missing === 0 ? 0 : 1;

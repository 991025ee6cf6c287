import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { chooseFreePorts, describePortHolder, isPortFree } from '../../../../cluster/host/ports.ts';

async function listenSomewhere(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('chosen ports are distinct, free, below the range of outgoing connections and not among the excluded', async () => {
  const [first] = await chooseFreePorts(1, { startAt: 'here', exclude: new Set() });
  const ports = await chooseFreePorts(20, { startAt: 'here', exclude: new Set([first!]) });
  expect(new Set(ports).size).toBe(20);
  expect(ports).not.toContain(first);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...ports)).toBeLessThan(32_000);
  expect(await Promise.all(ports.map((port) => isPortFree(port)))).toEqual(ports.map(() => true));
});

test('a port with a listener is not free, and its holder is named', async () => {
  const port = await listenSomewhere();
  expect(await isPortFree(port)).toBe(false);
  expect(await describePortHolder(port)).toMatch(new RegExp(`process ${process.pid}|lsof.*${port}`));
});

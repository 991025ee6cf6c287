import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { otherListener } from '../../../../cluster/host/port-sharing.ts';

test.skipIf(process.platform !== 'linux')(
  'of those who listen on a port, the first that is not ours is named',
  async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect(await otherListener(port, [])).toContain(`(process ${process.pid})`);
    expect(await otherListener(port, [process.pid])).toBe(null);
  },
);

test('on a port that nobody listens on there is no other', async () => {
  expect(await otherListener(1, [])).toBe(null);
});

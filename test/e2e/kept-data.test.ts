// `up` of this version serves the data that earlier versions left: every key with its value and its version.
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keptNames, readAll, readKept, unpack } from '../kept/kept-data.ts';
import { findEtcds } from '../support/etcd-releases.ts';
import { VaseCommand } from './vase-command.ts';

const etcds = findEtcds(process.env);

test.each(keptNames())('data of %s are served as they were, written to, and served again', async (name) => {
  const { port, etcd: release, keys } = readKept(name);
  const etcd = etcds.get(release);
  // A skipped check is no success: .ci/run has every release.
  expect(
    etcd,
    `these data are of etcd ${release}, which this machine has not: \`vase etcd\` fetches it`,
  ).toBeDefined();
  const vase = new VaseCommand();
  onTestFinished(() => vase.remove());
  unpack(name, vase.stateRoot);
  const environment = { PATH: `${dirname(etcd!.path)}:${process.env['PATH']}`, VASE_ETCD: '' };
  const run = (...args: string[]) => vase.run(args, { environment });
  const endpoint = `http://127.0.0.1:${port}`;
  const up = await run('up');
  expect(up.exitCode, `${up.stdout}${up.stderr}`).toBe(0);
  expect(await readAll(endpoint, Object.keys(keys))).toEqual(keys);
  const status = await run('status');
  expect(status.exitCode, `${status.stdout}${status.stderr}`).toBe(0);

  // A version number from before still compares, and no write gets a lower one now.
  const [key, before] = Object.entries(keys).find(([, value]) => value !== null)!;
  const url = `${endpoint}/v1/kv/${encodeURIComponent(key)}`;
  const put = await fetch(url, { method: 'PUT', body: 'anew', headers: { 'if-match': before!.etag } });
  expect(put.status).toBe(204);
  const versionOf = (etag: string) => Number(etag.replaceAll('"', ''));
  expect(versionOf(put.headers.get('etag')!)).toBeGreaterThan(versionOf(before!.etag));
  const move = await run('move', '0-511', '--to', '2');
  expect(move.exitCode, `${move.stdout}${move.stderr}`).toBe(0);
  await run('down');
  const again = await run('up');
  expect(again.exitCode, `${again.stdout}${again.stderr}`).toBe(0);
  const values = await readAll(endpoint, Object.keys(keys));
  const valueOf = (entry: { base64: string } | null | undefined) => entry?.base64 ?? null;
  for (const each of Object.keys(keys)) {
    const expected = each === key ? Buffer.from('anew').toString('base64') : valueOf(keys[each]);
    expect(valueOf(values[each]), each).toBe(expected);
  }
});

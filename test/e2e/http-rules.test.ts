/** Every rule of HTTP that Vase keeps, against a real sharder, its admin port and a real view server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRules, type Rule } from '../support/http-rules.ts';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';
import { sendRaw } from '../support/raw-request.ts';

let cluster: LocalCluster;
let ports: Record<'store' | 'admin' | 'view', number>;
const portOf = (url: string) => Number(new URL(url).port);

beforeAll(async () => {
  const http = { hosts: ['store.example', 'other.example:8443'] };
  cluster = await startLocalCluster({ shards: 1, members: 1, sharders: 1, http });
  ports = {
    store: portOf(cluster.endpoint),
    admin: portOf(`http://${(await cluster.provider.status()).sharders[0]!.adminEndpoint}`),
    view: portOf((await cluster.provider.viewServerEndpoint())!),
  };
});
afterAll(() => cluster.close());

const kv = (key: string, init?: RequestInit) => fetch(`${cluster.endpoint}/v1/kv/${key}`, init);

interface Answer {
  status: number | null;
  headers: ReadonlyMap<string, string>;
  body: string;
}

async function send(rule: Rule, fill: (text: string) => string): Promise<Answer> {
  const content = fill(rule.body ?? '');
  const isFramed = rule.headers.some((header) => /^(content-length|transfer-encoding)/i.test(header));
  const framing = rule.body === null || isFramed ? [] : [`Content-Length: ${content.length}`];
  const lines = [rule.line, 'Connection: close', ...framing, ...rule.headers, '', ''];
  const bytes = Buffer.from(`${fill(lines.join('\r\n'))}${content}`, 'latin1');
  const { status, text } = await sendRaw(ports[rule.at], bytes, { keepOpen: true });
  const [top, ...rest] = text.split('\r\n\r\n');
  const headers = top!
    .split('\r\n')
    .slice(1)
    .map((header) => /^([^:]+): (.*)$/.exec(header)!);
  return {
    status,
    headers: new Map(headers.map(([, name, value]) => [name!.toLowerCase(), value!])),
    body: rest.join('\r\n\r\n'),
  };
}

const named = (rules: readonly Rule[]) =>
  rules.map((rule, index): [string, Rule, number] => {
    return [`${rule.by}: ${rule.at}, ${rule.line}, ${rule.what}`, rule, index];
  });

async function judge(rule: Rule, key: string): Promise<void> {
  let now = 'none';
  if (!rule.isMissing) {
    const { headers } = await kv(key, { method: 'PUT', body: 'old' });
    now = headers.get('etag')!.slice(1, -1);
  }
  const fill = (text: string) => text.replaceAll('KEY', key).replaceAll('NOW', now);
  const answer = await send(rule, fill);
  expect(answer.status, answer.body).toBe(rule.status);
  if (rule.line.startsWith('HEAD') || answer.status === 304) expect(answer.body).toBe('');
  for (const [name, wanted] of rule.answer) {
    const header = answer.headers.get(name);
    if (wanted === null) expect(header, name).toBeUndefined();
    else if (typeof wanted === 'string') expect(header, name).toBe(fill(wanted));
    else expect(header, name).toMatch(wanted);
  }
  const read = await kv(key);
  expect(read.status === 404 ? null : await read.text()).toBe(rule.leaves);
}

describe.each(['conditions', 'messages', 'origins', 'bytes'] as const)('%s', (table) => {
  test.each(named(readRules(table)))('%s', async (_name, rule, index) => {
    await expect(judge(rule, `${table}-${index}`)).resolves.toBeUndefined();
  });
});

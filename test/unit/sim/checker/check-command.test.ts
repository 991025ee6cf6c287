import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addCheckCommand } from '../../../../scripts/commands/check.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vase-check-'));
});
afterEach(() => rm(folder, { recursive: true }));

const good = [
  { process: 1, type: 'invoke', f: 'put', key: 'x', value: 'a</script>', time: 1000 },
  { process: 1, type: 'ok', f: 'put', key: 'x', value: 'a</script>', time: 2000 },
];
const stale = [
  { process: 2, type: 'invoke', f: 'get', key: 'x', time: 3000 },
  { process: 2, type: 'ok', f: 'get', key: 'x', value: null, time: 4000 },
];

/** Runs `vase check` on these lines: what it printed, and its exit code. */
async function check(
  lines: readonly (object | string)[],
  ...flags: string[]
): Promise<{ text: string; code: unknown }> {
  const file = join(folder, 'history.jsonl');
  await writeFile(
    file,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return printedBy([file, ...flags]);
}

/** What it printed on both outputs. */
async function printedBy(args: readonly string[]): Promise<{ text: string; code: unknown }> {
  const printed: string[] = [];
  const outputs = [process.stdout, process.stderr].map((output) =>
    vi.spyOn(output, 'write').mockImplementation((text) => printed.push(String(text)) > 0),
  );
  const before = process.exitCode;
  try {
    const program = new Command('vase').exitOverride();
    addCheckCommand(program);
    await program.parseAsync(['check', ...args], { from: 'user' });
    return { text: printed.join(''), code: process.exitCode };
  } finally {
    process.exitCode = before;
    for (const output of outputs) output.mockRestore();
  }
}

describe('vase check', () => {
  test('exits with 0 for a linearizable history', async () => {
    expect(await check(good)).toEqual({
      text: 'Linearizable: 1 operation on 1 key, 0 of unknown outcome.\n',
      code: 0,
    });
  });

  test('exits with 4 for another, and prints key, prefix and the operation that cannot be placed', async () => {
    const { text, code } = await check([...good, ...stale]);
    expect(code).toBe(4);
    expect(text).toContain('Key "x": not linearizable. The longest linearizable prefix:');
    expect(text).toContain('1  process 1  put "a</script>": ok  (0.000 to 0.001 ms)');
    expect(text).toContain('✗  process 2  get: found nothing  (0.002 to 0.003 ms)');
  });

  test('prints the whole of it as JSON', async () => {
    const { text } = await check([...good, ...stale], '--json');
    expect(JSON.parse(text)).toMatchObject({
      verdict: 'illegal',
      operations: 2,
      illegal: [
        {
          key: 'x',
          blocked: { process: 2, f: 'get', value: null, invoked: 3000, time: 4000 },
          prefix: [{ f: 'put' }],
        },
      ],
    });
  });

  test.each([
    { which: [good, good], code: 0, says: ['a.jsonl: Linearizable', 'b.jsonl: Linearizable'] },
    {
      which: [[...good, ...stale], good],
      code: 4,
      says: ['a.jsonl: Not linearizable', 'b.jsonl: Linearizable'],
    },
    { which: [['{'], good], code: 2, says: ['a.jsonl: line 1', 'b.jsonl: Linearizable'] },
    { which: [['{'], [...good, ...stale]], code: 4, says: ['a.jsonl: line 1', 'b.jsonl: Not linearizable'] },
  ])(
    'judges every file of several, and exits with the gravest: $code, $says',
    async ({ which, code, says }) => {
      const files = ['a.jsonl', 'b.jsonl'].map((name) => join(folder, name));
      for (const [index, lines] of which.entries())
        await writeFile(
          files[index]!,
          lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
        );
      const told = await printedBy(files);
      expect(told.code).toBe(code);
      for (const text of says) expect(told.text).toContain(text);
    },
  );

  test('several histories in JSON are a document each, which names its file', async () => {
    const files = ['a.jsonl', 'b.jsonl'].map((name) => join(folder, name));
    for (const file of files) await writeFile(file, good.map((line) => JSON.stringify(line)).join('\n'));
    const { text } = await printedBy([...files, '--json']);
    const documents = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(documents).toMatchObject(files.map((file) => ({ file, verdict: 'ok' })));
  });

  test('draws one history alone', async () => {
    await expect(printedBy(['a.jsonl', 'b.jsonl', '--html', 'out.html'])).rejects.toThrow(
      '--html draws one history',
    );
  });

  test('refuses a bad file in one sentence that names file, line and reason', async () => {
    await expect(check([...good, 'oops'])).rejects.toThrow(/history\.jsonl: line 3: it is not JSON$/);
  });

  test('refuses a file that is not there', async () => {
    const program = new Command('vase').exitOverride();
    addCheckCommand(program);
    const run = program.parseAsync(['check', join(folder, 'none.jsonl')], { from: 'user' });
    await expect(run).rejects.toThrow(/none\.jsonl cannot be read: ENOENT$/);
  });

  test('draws one file that is whole in itself and that no value can break', async () => {
    const page = join(folder, 'page.html');
    await check([...good, ...stale, { type: 'fault', name: '<b>', time: 1, until: 2 }], '--html', page);
    const text = await readFile(page, 'utf8');
    expect(text.match(/<\/script>/g)).toHaveLength(2);
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|src=|@import|url\((?!#)/);
  });
});

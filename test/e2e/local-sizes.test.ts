// A served shard gets more and fewer members; the next call continues what was cut short; a member that it needs stays.
import { createInterface } from 'node:readline';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FailureRecorder } from '../kind/strike-in-the-midst.ts';
import { expectWell, underLoad } from '../kind/under-load.ts';
import { AcknowledgedWrites, missingOf } from '../support/acknowledged-writes.ts';
import { followLeader } from '../support/leader-changes.ts';
import { ended, VaseCommand, type Ended } from './vase-command.ts';

let vase: VaseCommand;
let endpoint: string;

async function begin(members: number): Promise<void> {
  vase = new VaseCommand();
  onTestFinished(() => vase.remove());
  const size = ['--shards', '1', '--members', `${members}`, '--sharders', '1', '--port', '0'];
  await done(['up', ...size]);
  endpoint = (await vase.provider.endpoint())!;
}

const list = () => vase.provider.members.list();
const names = async () => (await list()).map(({ name }) => name);
const leaderName = async () => (await list()).find(({ role }) => role === 'leader')?.name;
const data = (member: string) => join(vase.stateRoot, 'data', member);
const stateFile = () => join(vase.stateRoot, 'cluster.json');
/** Processes that were started with the earlier addresses know the new ones, and are not restarted. */
async function expectNoneStartedAnew(): Promise<void> {
  const pids = async () => {
    const { sharders, viewServers } = await vase.status();
    return [...sharders, ...viewServers].map(({ pid }) => pid);
  };
  const before = await pids();
  await done(['up']);
  expect(await pids()).toEqual(before);
}

const whole = ({ exitCode, stdout, stderr }: Ended) => ({ exitCode, said: `${stdout}\n${stderr}` });

interface Member {
  name: string;
  joining?: object;
  adding?: true;
  leaving?: true;
}

/** Writes the state as a call that was killed would have left it. */
function editState(edit: (members: Member[]) => void): void {
  const state = JSON.parse(readFileSync(stateFile(), 'utf8')) as { shards: { members: Member[] }[] };
  edit(state.shards[0]!.members);
  writeFileSync(stateFile(), JSON.stringify(state));
}

async function done(args: readonly string[]): Promise<string> {
  const run = await vase.run(args);
  expect(whole(run)).toMatchObject({ exitCode: 0 });
  return run.stdout;
}

async function expectWellWith(members: readonly string[]): Promise<void> {
  await expect
    .poll(async () => (await list()).map(({ problem }) => problem))
    .toEqual(members.map(() => null));
  expect(await names()).toEqual(members);
  await expect.poll(async () => (await vase.status()).health).toBe('ready');
}

/** Runs the command and ends it when it begins a step; returns its output until then. */
async function cutShort(args: readonly string[], step: RegExp, signal: NodeJS.Signals): Promise<void> {
  const child = vase.start([...args, '--json']);
  const end = ended(child);
  const seen: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const event = JSON.parse(line) as { event: string; step?: string };
    if (event.event !== 'started') return;
    seen.push(event.step!);
    if (step.test(event.step!)) child.kill(signal);
  });
  const { stderr } = await end;
  expect(seen.at(-1) ?? stderr).toMatch(step);
}

test('from one member to three, five, and back to three under load: what fails is explained by a change of leader', async () => {
  await begin(1);
  const recorder = (path: string) => new FailureRecorder(path);
  const options = { endpoint, shards: 1, seed: 1, newRecorder: recorder };
  let failures: unknown[] = [];
  const result = await underLoad(options, async (recording) => {
    const stop = new AbortController();
    const endpoints = async () => (await vase.status()).shards[0]!.members.map((member) => member.endpoint);
    const following = followLeader(
      endpoints,
      (agoMs, forMs) => {
        const nowNs = recording.nowNs();
        recording.fault('leader change', { fromNs: nowNs - agoMs * 1e6, untilNs: nowNs + forMs * 1e6 });
      },
      stop.signal,
    );
    try {
      expect(await done(['member', 'add', 'etcd-1'])).toContain('2 members tolerate no more failures than 1');
      expect(await done(['member', 'add'])).toContain('has 3 members now. It bears the loss of 1.');
      await done(['member', 'add', '1']);
      await done(['member', 'add', '1']);
      await expectWellWith(['etcd-1-0', 'etcd-1-1', 'etcd-1-2', 'etcd-1-3', 'etcd-1-4']);
      await expectNoneStartedAnew();
      // Removes the member that the others were formed with, and so at least once the leader.
      const leader = (await leaderName())!;
      expect(await done(['member', 'remove', leader])).toContain(`${data(leader)} is deleted`);
      const next = leader === 'etcd-1-0' ? (await leaderName())! : 'etcd-1-0';
      expect(await done(['member', 'remove', next])).not.toContain('has not heard');
      expect([leader, next].map((name) => existsSync(data(name)))).toEqual([false, false]);
    } finally {
      stop.abort();
      await following;
    }
    failures = recording.unexplained();
  });
  expectWell(result);
  expect(failures).toEqual([]);
  const left = await names();
  expect(left).toHaveLength(3);
  expect(left).not.toContain('etcd-1-0');
  await expectNoneStartedAnew();
  expect(await done(['member', 'add', '1'])).not.toContain('has not heard');
  await done(['member', 'remove', 'etcd-1-0']);
  await done(['down']);
  expect(await done(['up'])).toContain('1 shard of 3 members');
  await expectWellWith(left);
  // A new shard has the same number of members.
  await done(['shard', 'add']);
  expect(await names()).toHaveLength(6);
});

test('an addition that is cut short at any of its steps is gone on with, by the same command or by up', async () => {
  await begin(1);
  const writes = new AcknowledgedWrites(endpoint, 'key');
  const steps = [/^adding/, /^starting/, /^etcd-1-\d (is asking|has \d)/, /^naming/];
  for (const [index, step] of steps.entries()) {
    await cutShort(['member', 'add', '1'], step, index % 2 === 0 ? 'SIGKILL' : 'SIGINT');
    // Killed at "naming", the command may already have completed.
    const isBegun = (await list()).some(({ problem }) => problem !== null);
    if (index > 1) await done(['down']);
    if (isBegun || index > 1) await done(index % 2 === 0 && index < 2 ? ['member', 'add', '1'] : ['up']);
    const members = Array.from({ length: index + 2 }, (_, ordinal) => `etcd-1-${ordinal}`);
    await expectWellWith(members);
  }
  const keys = await writes.stop();
  expect(await missingOf(endpoint, keys)).toEqual([]);
  const more = await vase.run(['member', 'add', '1']);
  expect(more).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('more than 5') as string });
});

test('a removal that is cut short at any of its steps is gone on with, by the same command or by up', async () => {
  await begin(5);
  const writes = new AcknowledgedWrites(endpoint, 'key');
  const steps = [/^handing/, /^taking/, /^removing/, /^stopping/];
  for (const [index, step] of steps.entries()) {
    await expect.poll(leaderName).toBeDefined();
    const leader = (await leaderName())!;
    const victim = index === 0 ? leader : (await names()).find((name) => name !== leader)!;
    await cutShort(['member', 'remove', victim], step, index % 2 === 0 ? 'SIGKILL' : 'SIGINT');
    if (index === 2) await done(['down']);
    const left = (await names()).filter((name) => name !== victim);
    await done(index < 2 ? ['member', 'remove', victim] : ['up']);
    await expectWellWith(left);
    expect(existsSync(data(victim))).toBe(false);
  }
  const keys = await writes.stop();
  expect(await missingOf(endpoint, keys)).toEqual([]);
});

test('a call that was killed before it wrote down what etcd had done is gone on with after down', async () => {
  await begin(1);
  await done(['member', 'add', '1']);
  // The member has its vote, and without it there is no quorum.
  editState((members) =>
    Object.assign(members[1]!, { joining: { replaces: null, started: true }, adding: true }),
  );
  await done(['down']);
  expect((await vase.run(['up'])).stderr).toContain('added: etcd-1-1');
  await expectWellWith(['etcd-1-0', 'etcd-1-1']);
  editState((members) => Object.assign(members[1]!, { leaving: true }));
  const before = readFileSync(stateFile(), 'utf8');
  await done(['member', 'remove', 'etcd-1-1']);
  writeFileSync(stateFile(), before);
  await done(['down']);
  expect((await vase.run(['up'])).stderr).toContain('removed: etcd-1-1');
  await expectWellWith(['etcd-1-0']);
  expect(await done(['member', 'remove', 'etcd-1-1'])).toContain('is no member of etcd-1');
});

test('what a shard cannot do without stays, and each refusal says what to do', async () => {
  await begin(1);
  const refused = async (args: readonly string[], exitCode: number, text: string) => {
    const run = await vase.run(args);
    expect(whole(run)).toEqual({ exitCode, said: expect.stringContaining(text) as string });
  };
  await refused(['member', 'remove', 'etcd-1-0'], 1, 'is the only member');
  await refused(['member', 'remove', 'etcd-7-0'], 2, 'no member is called etcd-7-0');
  await refused(['member', 'add', '7'], 2, 'no shard is called etcd-7');
  await refused(['member', 'add', 'seven'], 2, 'must be the number of a shard');
  await refused(['up', '--members', '3'], 1, '`vase member add etcd-1` adds one');
  await done(['member', 'add']);
  await done(['member', 'add']);
  await refused(['up', '--members', '1'], 1, '`vase member remove etcd-1-2` takes one away');
  await done(['up', '--members', '3']);
  await vase.provider.faults.kill('etcd-1-2');
  await refused(
    ['member', 'remove', 'etcd-1-1'],
    1,
    'without etcd-1-1 etcd-1 would have no quorum: 1 of the 2 members',
  );
  await refused(['member', 'add'], 1, 'etcd-1-2 does not follow the leader of etcd-1');
  expect(await names()).toHaveLength(3);
  // The missing member may be removed.
  rmSync(data('etcd-1-2'), { recursive: true });
  expect(await done(['member', 'remove', 'etcd-1-2'])).toContain('It had no data any more.');
  await expectWellWith(['etcd-1-0', 'etcd-1-1']);
  await done(['member', 'remove', 'etcd-1-0']);
  await expectWellWith(['etcd-1-1']);
});

test('a folder that is deleted from under a member that runs is named, and its data go to others', async () => {
  await begin(1);
  expect((await fetch(`${endpoint}/v1/kv/dear`, { method: 'PUT', body: 'dear' })).ok).toBe(true);
  rmSync(data('etcd-1-0'), { recursive: true });
  for (const { exitCode, stdout } of [await vase.run(['status']), await vase.run(['up'])]) {
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain('the data of etcd-1-0 are gone');
    expect(stdout).toContain('`vase member add etcd-1`');
  }
  await done(['member', 'add']);
  await done(['member', 'remove', 'etcd-1-0']);
  await expectWellWith(['etcd-1-1']);
  await done(['down']);
  await done(['up']);
  expect(await missingOf((await vase.provider.endpoint())!, ['dear'])).toEqual([]);
});

// Stories of the protocol that a person reads. `vitest -u` writes them anew: look at what has changed in them.
import { describe, expect, test } from 'vitest';
import { tellOfLostDisk } from './transcripts/lost-disk-story.ts';
import { moveStories } from './transcripts/move-stories.ts';
import { RaftStory } from './transcripts/raft-story.ts';
import { tell } from './transcripts/story.ts';

const golden = (name: string) => `./transcripts/${name}.txt`;

/** Each text stands after the one before. */
function expectInOrder(story: string, texts: readonly string[]): void {
  let at = 0;
  for (const text of texts) {
    const found = story.indexOf(text, at);
    expect(found, `“${text}” in its place in\n${story}`).toBeGreaterThanOrEqual(0);
    at = found + text.length;
  }
}

describe('moves', () => {
  test.each(moveStories)('$name', async ({ name, title, changes, belongs, happens, end = 'done' }) => {
    const { text, report } = await tell(title, changes, belongs);
    expectInOrder(text, [...happens, end === 'done' ? 'has done move 2.0' : 'has undone move 2.0']);
    expect(report.violations).toEqual([]);
    await expect(text).toMatchFileSnapshot(golden(name));
  });

  test('in the idle drain nothing was written to the slot from the claim to the kill', async () => {
    const { changes, belongs } = moveStories.find(({ name }) => name === 'mover-killed-in-idle-drain')!;
    const { lines } = await tell('', changes, belongs);
    const at = (wanted: string) => lines.findIndex(({ event }) => event.name === wanted);
    expect(at('process.kill')).toBeGreaterThan(at('move.drain'));
    const asked = lines
      .slice(at('move.import'), at('process.kill'))
      .flatMap(({ event }) => (event.name === 'client.asks' ? [event.what] : []));
    expect(asked.filter((what) => !what.startsWith('get '))).toEqual([]);
    expect(lines.slice(at('move.drain'), at('process.kill')).map(({ event }) => event.name)).toEqual([
      'move.drain',
    ]);
  });
});

test('an overload', async () => {
  const { text, lines } = await tell(
    'Twelve writes come at once to a lane that holds four, and sends two in one transaction. Eight are refused at once, and were not applied.',
    {
      seed: 5,
      topology: { shards: 1, disk: 'slow' },
      workload: { operations: 1, crowds: [{ atMs: 1500, requests: 12 }] },
      limits: { laneOperationsMax: 4, batchOperationsMax: 2 },
      moves: [],
    },
    ({ atUs, event }) =>
      (event.name === 'batch.ended' && atUs > 1_500_000 && atUs < 2_000_000) ||
      (event.name.startsWith('client.') && 'what' in event && event.what.includes('crowd')),
  );
  const learned = lines.flatMap(({ event }) => (event.name === 'client.learns' ? [event.what] : []));
  expect(learned.filter((what) => what.endsWith('failed overloaded'))).toHaveLength(8);
  expect(learned.filter((what) => what.includes(': ok'))).toHaveLength(4);
  expectInOrder(text, ['failed overloaded', 'a transaction of 2 writes']);
  await expect(text).toMatchFileSnapshot(golden('overload'));
});

describe('a lost disk', () => {
  test('is replaced by a learner, and the write is there', async () => {
    const title =
      'A member that has acknowledged a write loses its disk. It comes back as a learner, a new node: the write is kept.';
    const { text, read } = await tellOfLostDisk(title, {});
    expect(read).toBe('new');
    expectInOrder(text, [
      'put key=new: ok',
      'asks for shard 1 member',
      'asks for the vote',
      'has its vote',
      'get key: new',
    ]);
    await expect(text).toMatchFileSnapshot(golden('lost-disk'));
  });

  test('would lose the write, if the member came back as who it was', async () => {
    const title =
      'What would be, if it came back on an empty disk as the voter that it was: it elects one that never saw the write.';
    const { text, read } = await tellOfLostDisk(title, { rejoinsWithoutDisk: true });
    expect(read).toBe('old');
    expectInOrder(text, ['put key=new: ok', 'becomes leader', 'get key: old']);
    await expect(text).toMatchFileSnapshot(golden('lost-disk-as-the-old-voter'));
  });
});

describe('Raft', () => {
  test('an election', async () => {
    const story = new RaftStory(3, { preVote: true });
    const { group } = story;
    story.say(
      'Member 1 has heard of no leader for a while. It asks whether it would be elected, then for votes.',
    );
    group.campaign(1);
    story.deliver();
    story.say('Member 1 is cut off. Member 2 is elected by member 3, in the next term.');
    group.campaign(2);
    story.deliver({ cutOff: [1] });
    story.say('Member 1 still leads in its term. It is back, and hears of the new one.');
    expect(group.node(1).state.role).toBe('leader');
    group.heartbeat(1);
    story.deliver();
    expect(group.nodes.map(({ state }) => state.role)).toEqual(['follower', 'leader', 'follower']);
    expect(group.node(1).state.term).toBe(group.node(2).state.term);
    await expect(story.text('An election, and a leader of the past.')).toMatchFileSnapshot(
      golden('election'),
    );
  });

  test('reads', async () => {
    const story = new RaftStory(3, { preVote: true });
    const { group } = story;
    group.campaign(1);
    group.deliver();
    group.propose(1, 'a write');
    group.deliver();
    story.say(
      'Read 7 is asked of member 2, which follows. The leader makes sure that it still leads before it answers.',
    );
    group.read(2, 7);
    story.deliver();
    expect(group.reads).toEqual([{ node: 2, read: { context: 7, index: 2 } }]);
    story.say('The leader is cut off. Read 8 is asked of it: nobody confirms, so it is not answered.');
    group.read(1, 8);
    story.deliver({ cutOff: [1] });
    expect(group.reads).toHaveLength(1);
    await expect(story.text('Linearizable reads: ReadIndex.')).toMatchFileSnapshot(golden('reads'));
  });
});

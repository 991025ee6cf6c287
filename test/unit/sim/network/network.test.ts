import { describe, expect, test } from 'vitest';
import { World } from '../../../../sim/run/world/world.ts';

const options = { tag: 1, mayRepeat: true };

function twoProcesses(seed = 1) {
  const world = new World({ seed });
  const one = world.addProcess('one').index;
  const two = world.addProcess('two').index;
  const arrivals: { text: string; atMs: number }[] = [];
  const arrive = (text: string): void => void arrivals.push({ text, atMs: world.nowMs });
  const texts = (): string[] => arrivals.map(({ text }) => text);
  return { world, network: world.network, one, two, arrivals, arrive, texts };
}

describe('network', () => {
  test('delivers a datagram once, later than it was sent', async () => {
    const { world, network, one, two, arrivals, arrive } = twoProcesses();
    network.sendDatagram(one, two, options, arrive, 'hello');
    expect(arrivals).toEqual([]);
    await world.run({ untilMs: 100 });
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]!.atMs).toBeGreaterThan(0.1);
  });

  test('a cut drops datagrams one way only, and holds streams until it is healed', async () => {
    const { world, network, one, two, arrive, texts } = twoProcesses();
    network.cut({ from: 'one', to: 'two' });
    network.sendDatagram(one, two, options, arrive, 'dropped');
    network.sendDatagram(two, one, options, arrive, 'the other way');
    network.sendStream(one, two, 1, arrive, 'held');
    await world.run({ untilMs: 1_000 });
    expect(texts()).toEqual(['the other way']);
    network.heal();
    await world.run({ untilMs: 2_000 });
    expect(texts()).toEqual(['the other way', 'held']);
    expect(world.counters).toMatchObject({ cutDatagrams: 1, heldMessages: 1 });
  });

  test('a partition cuts between its groups both ways and leaves the others alone', async () => {
    const { world, network, one, two, arrive, texts } = twoProcesses();
    const three = world.addProcess('three').index;
    network.partition([['one'], ['two']]);
    network.sendDatagram(one, two, options, arrive, 'one to two');
    network.sendDatagram(two, one, options, arrive, 'two to one');
    network.sendDatagram(one, three, options, arrive, 'one to three');
    network.sendDatagram(three, two, options, arrive, 'three to two');
    await world.run({ untilMs: 100 });
    expect(texts().toSorted()).toEqual(['one to three', 'three to two']);
  });

  test('a clogged link holds everything and then lets it go', async () => {
    const { world, network, one, two, arrivals, arrive } = twoProcesses();
    network.clog({ from: 'one', to: 'two', untilMs: 500 });
    for (let count = 0; count < 10; count++) network.sendDatagram(one, two, options, arrive, `${count}`);
    await world.run({ untilMs: 499 });
    expect(arrivals).toEqual([]);
    await world.run({ untilMs: 1_000 });
    expect(arrivals).toHaveLength(10);
  });

  test('loses, repeats and reorders datagrams about as often as it is told to, and counts what it did', async () => {
    const { world, network, one, two, arrive, texts } = twoProcesses();
    network.setQuality({ loss: 0.1, duplicate: 0.2, reorder: 0.1 });
    const sent = 5_000;
    for (let count = 0; count < sent; count++) {
      world.kernel.schedule(
        count * 1_000,
        () => network.sendDatagram(one, two, options, arrive, `${count}`),
        undefined,
      );
    }
    await world.run({ untilMs: 10_000 });
    const { lostDatagrams, duplicatedDatagrams, reorderedMessages } = world.counters;
    expect(texts()).toHaveLength(sent - lostDatagrams + duplicatedDatagrams);
    expect(Math.abs(lostDatagrams / sent - 0.1)).toBeLessThan(0.02);
    expect(Math.abs(duplicatedDatagrams / (sent - lostDatagrams) - 0.2)).toBeLessThan(0.02);
    expect(Math.abs(reorderedMessages / texts().length - 0.1)).toBeLessThan(0.02);
    const numbers = texts().map(Number);
    expect(numbers).not.toEqual(numbers.toSorted((before, after) => before - after));
  });

  test('never loses or repeats a message of a stream, nor repeats a datagram that may not be', async () => {
    const { world, network, one, two, arrive, texts } = twoProcesses();
    network.setQuality({ loss: 0.3, duplicate: 0.5 });
    for (let count = 0; count < 500; count++) network.sendStream(one, two, 1, arrive, `${count}`);
    await world.run({ untilMs: 100_000 });
    expect(texts().toSorted()).toEqual(Array.from({ length: 500 }, (_, count) => `${count}`).toSorted());
    expect(world.counters.retransmissions).toBeGreaterThan(50);
    for (let count = 0; count < 500; count++) {
      network.sendDatagram(one, two, { tag: 1, mayRepeat: false }, arrive, 'once');
    }
    await world.run({ untilMs: 200_000 });
    expect(texts()).toHaveLength(1_000 - world.counters.lostDatagrams);
  });

  test('what one link does depends on no draw of another component', async () => {
    const arrivalTimes = async (extraDraws: number): Promise<number[]> => {
      const { world, network, one, two, arrivals, arrive } = twoProcesses(9);
      const other = world.random('workload');
      for (let count = 0; count < extraDraws; count++) other.nextUint32();
      for (let count = 0; count < 20; count++) network.sendDatagram(one, two, options, arrive, '');
      await world.run({ untilMs: 100 });
      return arrivals.map(({ atMs }) => atMs);
    };
    expect(await arrivalTimes(0)).toEqual(await arrivalTimes(100));
  });

  test('grows with the number of processes and keeps what was set', async () => {
    const { world, network, one, two, arrive, texts } = twoProcesses();
    network.cut({ from: 'one', to: 'two' });
    for (let count = 0; count < 40; count++) world.addProcess(`more-${count}`);
    network.sendDatagram(one, two, options, arrive, 'dropped');
    network.sendDatagram(one, world.process('more-39').index, options, arrive, 'arrives');
    await world.run({ untilMs: 100 });
    expect(texts()).toEqual(['arrives']);
  });
});

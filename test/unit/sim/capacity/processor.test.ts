import { describe, expect, it } from 'vitest';
import { Machine, Processor } from '../../../../sim/capacity/processor.ts';
import { Kernel } from '../../../../sim/kernel/kernel.ts';
import { RandomStream } from '../../../../sim/kernel/random-stream.ts';
import { closedThroughput, meanTimeInQueue } from './queueing-formulas.ts';

const free = { threads: 1, limitCores: null, weight: 1, periodPhase: 0 };

describe('a processor', () => {
  it('is an M/M/1 queue when jobs of exponential length arrive at random', async () => {
    const kernel = new Kernel();
    const random = new RandomStream(1, 'mm1');
    const processor = new Processor(kernel, null, free);
    const [serviceUs, gapUs] = [700, 1000];
    let count = 0;
    let totalUs = 0;
    const arrive = (): void => {
      const atUs = kernel.nowUs;
      processor.submit(random.nextExponential(serviceUs), () => {
        count++;
        totalUs += kernel.nowUs - atUs;
      });
      kernel.schedule(kernel.nowUs + random.nextExponential(gapUs), arrive, undefined);
    };
    arrive();
    await kernel.run({ untilUs: 200_000_000 });
    const expectedUs = meanTimeInQueue({ servicePerUnit: 1 / serviceUs, arrivalsPerUnit: 1 / gapUs });
    expect(totalUs / count / expectedUs).toBeCloseTo(1, 1);
    expect(processor.usedUs / kernel.nowUs).toBeCloseTo(serviceUs / gapUs, 2);
  });

  it.each([
    { users: 1, demands: [500, 300, 800], delay: 2000 },
    { users: 8, demands: [500, 300, 800], delay: 2000 },
    { users: 40, demands: [500, 450, 480], delay: 5000 },
  ])('gives a closed network the throughput of mean value analysis: $users users', async (network) => {
    const kernel = new Kernel();
    const random = new RandomStream(2, 'network');
    const stations = network.demands.map(() => new Processor(kernel, null, free));
    let turns = 0;
    const visit = (station: number): void => {
      if (station === stations.length) {
        turns++;
        kernel.schedule(kernel.nowUs + random.nextExponential(network.delay), visit, 0);
        return;
      }
      stations[station]!.submit(random.nextExponential(network.demands[station]!), () => visit(station + 1));
    };
    for (let user = 0; user < network.users; user++) visit(0);
    await kernel.run({ untilUs: 60_000_000 });
    const expected = closedThroughput(network);
    expect(Math.abs(turns / kernel.nowUs / expected - 1)).toBeLessThan(0.03);
  });

  it('under a limit gets its quota of each period and then nothing until the next', async () => {
    const kernel = new Kernel();
    const processor = new Processor(kernel, null, { ...free, limitCores: 0.3 });
    const endsMs: number[] = [];
    for (let job = 0; job < 8; job++) {
      processor.submit(10_000, () => endsMs.push(Math.round(kernel.nowUs / 1000)));
    }
    await kernel.run({ untilUs: 400_000 });
    expect(endsMs).toEqual([10, 20, 30, 110, 120, 130, 210, 220]);
  });

  it('starts with a whole quota again after it has been idle', async () => {
    const kernel = new Kernel();
    const processor = new Processor(kernel, null, { ...free, limitCores: 0.3 });
    const endsMs: number[] = [];
    const submit = () => processor.submit(30_000, () => endsMs.push(Math.round(kernel.nowUs / 1000)));
    submit();
    kernel.schedule(350_000, submit, undefined);
    await kernel.run({ untilUs: 1_000_000 });
    expect(endsMs).toEqual([30, 380]);
  });

  it('runs as many jobs at once as it has threads', async () => {
    const kernel = new Kernel();
    const processor = new Processor(kernel, null, { ...free, threads: 2 });
    const endsMs: number[] = [];
    for (const lengthMs of [10, 30, 10])
      processor.submit(lengthMs * 1000, () => endsMs.push(kernel.nowUs / 1000));
    await kernel.run({ untilUs: 100_000 });
    expect(endsMs).toEqual([10, 20, 30]);
  });
});

describe('a machine', () => {
  it('gives all what they want while it suffices, and divides by weight what does not', async () => {
    const kernel = new Kernel();
    const machine = new Machine(1);
    const heavy = new Processor(kernel, machine, { ...free, weight: 3 });
    const light = new Processor(kernel, machine, free);
    const ends: [string, number][] = [];
    light.submit(10_000, () => ends.push(['light alone', kernel.nowUs / 1000]));
    kernel.schedule(
      20_000,
      () => {
        heavy.submit(30_000, () => ends.push(['heavy', kernel.nowUs / 1000]));
        light.submit(20_000, () => ends.push(['light', kernel.nowUs / 1000]));
      },
      undefined,
    );
    await kernel.run({ untilUs: 1_000_000 });
    // 30 ms at 3/4 of a core; by then the other has done 10 of its 20 ms, and has the core for the rest.
    expect(ends).toEqual([
      ['light alone', 10],
      ['heavy', 60],
      ['light', 70],
    ]);
  });

  it('never works more than its cores, and leaves none idle while somebody waits', async () => {
    const kernel = new Kernel();
    const random = new RandomStream(3, 'machine');
    const machine = new Machine(2);
    const processors = Array.from(
      { length: 5 },
      (_, index) =>
        new Processor(kernel, machine, { ...free, weight: index + 1, limitCores: index === 0 ? 0.1 : null }),
    );
    for (const processor of processors) {
      const again = (): void => processor.submit(random.nextExponential(900), again);
      again();
    }
    await kernel.run({ untilUs: 10_000_000 });
    const usedCores = processors.map(({ usedUs }) => usedUs / kernel.nowUs);
    expect(usedCores.reduce((sum, cores) => sum + cores, 0)).toBeCloseTo(2, 2);
    expect(usedCores[0]).toBeCloseTo(0.1, 2);
    expect(usedCores[4]! / usedCores[1]!).toBeCloseTo(5 / 2, 1);
  });
});

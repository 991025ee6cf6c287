/**
 * Users: closed loops without a pause, or arrivals at random at a given rate. A user of a closed loop keeps its sharder,
 * as a connection that is kept alive does. The load generator's own processor time comes before and after each request.
 */
import { drawLatencyUs, type LatencyProfile } from '../kernel/latency.ts';
import type { CapacityCell } from './cell.ts';
import { Keys } from './keys.ts';
import type { LatencyRecorder } from './latency-recorder.ts';
import type { Processor } from './processor.ts';
import type { CapacityWorld, StoreModel } from './store-model.ts';

export interface LoadParts {
  world: CapacityWorld;
  store: StoreModel;
  cell: CapacityCell;
  recorder: LatencyRecorder;
  /** One way from a user to a sharder. */
  network: LatencyProfile;
  generator: { processor: Processor; requestUs: number } | null;
  /** Users begin over this time: all at once, they would go on in waves. */
  rampUs: number;
}

interface User {
  sharder: number;
  writesNext: boolean;
  key: number;
}

export function startLoad(parts: LoadParts): void {
  const { world, cell } = parts;
  const { kernel, random } = world;
  const { load } = cell;
  const keys = new Keys(random.fork('keys'), load, cell.shards);
  const send = (user: User, answered: () => void) => sendRequest(parts, keys, user, answered);
  if (load.arrivals.kind === 'closed') {
    for (let index = 0; index < load.arrivals.users; index++) {
      const user: User = {
        sharder: index % cell.sharders,
        writesNext: load.pattern === 'put-then-get' || drawsWrite(parts),
        key: keys.draw(),
      };
      const again = () => send(user, again);
      kernel.schedule(random.nextBelow(parts.rampUs), again, undefined);
    }
    return;
  }
  const meanUs = 1_000_000 / load.arrivals.perSecond;
  // The clock counts whole microseconds: arrivals keep their own, exact time.
  let atUs = 0;
  const arrive = () => {
    send(
      { sharder: random.nextBelow(cell.sharders), writesNext: drawsWrite(parts), key: keys.draw() },
      () => undefined,
    );
    atUs += random.nextExponential(meanUs);
    kernel.schedule(atUs, arrive, undefined);
  };
  kernel.schedule(0, arrive, undefined);
}

function drawsWrite({ world, cell }: LoadParts): boolean {
  return world.random.nextChance(cell.load.writeShare);
}

function sendRequest(parts: LoadParts, keys: Keys, user: User, answered: () => void): void {
  const { world, store, recorder, network, generator } = parts;
  const { kernel, random } = world;
  const startUs = kernel.nowUs;
  const finish = (isServed: boolean) => {
    if (isServed) recorder.answered(kernel.nowUs - startUs);
    else recorder.turnedAway();
    turnUser(parts, keys, user);
    answered();
  };
  const cross = () =>
    kernel.schedule(
      kernel.nowUs + drawLatencyUs(network, random),
      () =>
        store.request({
          sharder: user.sharder,
          key: user.key,
          isWrite: user.writesNext,
          done: (isServed) =>
            kernel.schedule(
              kernel.nowUs + drawLatencyUs(network, random),
              () =>
                generator === null
                  ? finish(isServed)
                  : generator.processor.submit(generator.requestUs / 2, () => finish(isServed)),
              undefined,
            ),
        }),
      undefined,
    );
  if (generator === null) cross();
  else generator.processor.submit(generator.requestUs / 2, cross);
}

/** The next request of this user: of the key just put, a get; after a get, another key. */
function turnUser(parts: LoadParts, keys: Keys, user: User): void {
  if (parts.cell.load.pattern === 'put-then-get') {
    user.writesNext = !user.writesNext;
    if (user.writesNext) user.key = keys.draw();
    return;
  }
  user.writesNext = drawsWrite(parts);
  user.key = keys.draw();
}

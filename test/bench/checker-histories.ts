/** Concurrent histories of a register that was really run, of any size, from a seed. */
import type { Action, Operation, Outcome, Scalar } from '../../sim/checker/history/operation.ts';

export interface HistoryShape {
  operations: number;
  keys: number;
  /** Clients that each have one operation in flight at almost any time. */
  concurrency: number;
  versions: boolean;
  /** Operations whose outcome nobody learns; half of them take effect. Their clients are replaced. */
  open: number;
  /** Values written are unique, or drawn from this many. */
  values: 'unique' | number;
  /** Share of gets; the rest is split evenly among the writes. */
  reads: number;
  writes: readonly ('put' | 'cas' | 'delete')[];
  seed: number;
}

interface Client {
  process: number;
  stage: 'idle' | 'invoked' | 'applied';
  key: number;
  action: Action;
  outcome: Outcome;
  invoked: number;
}

export function makeHistory(shape: HistoryShape): Operation[] {
  const below = randomBelow(shape.seed);
  const registers = Array.from({ length: shape.keys }, () => ({ value: null as Scalar, version: 0 }));
  const keys = registers.map((_, index) => `key-${index}`);
  const history: Operation[] = [];
  const opensAt = new Set(
    Array.from({ length: shape.open }, (_, index) =>
      Math.floor((index * shape.operations * 0.9) / shape.open),
    ),
  );
  let moment = 0;
  let processes = 0;
  let version = 0;
  let written = 0;

  const idle: Pick<Client, 'stage' | 'key' | 'action' | 'outcome' | 'invoked'> = {
    stage: 'idle',
    key: 0,
    action: { kind: 'get' },
    outcome: { kind: 'open' },
    invoked: 0,
  };
  const clients = Array.from({ length: shape.concurrency }, (): Client => ({
    ...idle,
    process: processes++,
  }));
  const drawValue = (): number => (shape.values === 'unique' ? ++written : below(shape.values));
  const drawAction = (current: Scalar): Action => {
    if (below(1000) < shape.reads * 1000) return { kind: 'get' };
    const kind = shape.writes[below(shape.writes.length)]!;
    if (kind === 'put') return { kind, value: drawValue() };
    if (kind === 'delete') return { kind };
    const expected = shape.values === 'unique' || below(2) === 0 ? current : below(shape.values);
    return { kind, expected, value: drawValue() };
  };
  const apply = (client: Client): Outcome => {
    const register = registers[client.key]!;
    const stamp = (at: number) => (shape.versions ? { version: at } : {});
    const write = (value: Scalar): Outcome => {
      register.value = value;
      register.version = ++version;
      return { kind: 'ok', ...stamp(version) };
    };
    const { action } = client;
    switch (action.kind) {
      case 'get':
        return {
          kind: 'ok',
          value: register.value,
          ...stamp(register.value === null ? version : register.version),
        };
      case 'put':
        return write(action.value);
      case 'cas':
        return register.value === action.expected ? write(action.value) : { kind: 'mismatch' };
      case 'append':
        return write(`${register.value ?? ''}${action.value}`);
      case 'delete':
        return register.value === null ? { kind: 'ok', removed: false, ...stamp(version) } : write(null);
    }
  };
  const finish = (client: Client, outcome: Outcome): void => {
    const { process, key, action, invoked } = client;
    history.push({ process, key: keys[key]!, action, outcome, invoked, returned: ++moment });
    Object.assign(client, idle);
  };

  while (history.length < shape.operations) {
    const client = clients[below(clients.length)]!;
    if (client.stage === 'idle') {
      client.key = below(shape.keys);
      client.action = drawAction(registers[client.key]!.value);
      client.invoked = ++moment;
      client.stage = 'invoked';
    } else if (client.stage === 'invoked' && opensAt.has(history.length) && client.action.kind !== 'get') {
      if (below(2) === 0) apply(client);
      finish(client, { kind: 'open' });
      client.process = processes++;
    } else if (client.stage === 'invoked') {
      client.outcome = apply(client);
      client.stage = 'applied';
    } else finish(client, client.outcome);
  }
  for (const client of clients) if (client.stage !== 'idle') finish(client, { kind: 'open' });
  return history;
}

/** Lets one get, at or after the given index, return what an earlier one did: a value overwritten long before. */
export function makeStale(history: readonly Operation[], at: number): Operation[] {
  const isRead = ({ action, outcome }: Operation): boolean =>
    action.kind === 'get' && outcome.kind === 'ok' && outcome.value !== null;
  const victim = history.findIndex((operation, index) => index >= at && isRead(operation));
  const { key, outcome } = history[victim]!;
  const older = history.find(
    (other, index) =>
      index < victim / 2 && other.key === key && isRead(other) && differ(other.outcome, outcome),
  );
  if (older === undefined) throw new Error('no older value was read');
  return history.with(victim, { ...history[victim]!, outcome: older.outcome });
}

function differ(one: Outcome, other: Outcome): boolean {
  return one.kind === 'ok' && other.kind === 'ok' && one.value !== other.value;
}

/** Uniform integers in [0, bound), by xorshift32. */
function randomBelow(seed: number): (bound: number) => number {
  let state = seed | 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

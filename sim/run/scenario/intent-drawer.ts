/** Draws the next operation of a client, from the mix of its scenario and from what the client has seen. */
import { always, type Condition, type Operation } from '../../../sharder/core/operation.ts';
import type { RandomStream } from '../../kernel/random-stream.ts';
import { encodeValue, type Intent } from './intent.ts';
import { keyNames } from './key-names.ts';
import type { Scenario } from './scenario.ts';

/** What a client last saw of a key. */
export interface Known {
  version: number;
  value: number;
}

type Write = Exclude<Operation, { kind: 'get' }>;

export class IntentDrawer {
  private readonly random: RandomStream;
  private readonly workload: Scenario['workload'];
  private readonly known: ReadonlyMap<string, Known>;
  private readonly nextValue: () => number;
  private readonly keys: readonly string[];

  constructor(parts: {
    random: RandomStream;
    workload: Scenario['workload'];
    known: ReadonlyMap<string, Known>;
    /** Numbers that are unique in the run. */
    nextValue: () => number;
  }) {
    this.random = parts.random;
    this.workload = parts.workload;
    this.known = parts.known;
    this.nextValue = parts.nextValue;
    this.keys = keyNames(parts.workload);
  }

  /** The operations of one request. */
  draw(): Intent[] {
    const { random } = this;
    const { get, put, delete: remove, cas, burst, conditional, batch } = this.workload.mix;
    const key = this.drawKey();
    let draw = random.nextBelow(get + put + remove + cas + burst + conditional + batch);
    if ((draw -= get) < 0) return [this.get(key)];
    if ((draw -= put) < 0) return [this.put(key)];
    if ((draw -= remove) < 0) return [this.delete(key)];
    if ((draw -= cas) < 0) return [this.swap(key)];
    const count = 2 + random.nextBelow(11);
    if ((draw -= burst) < 0) return Array.from({ length: count }, () => this.put(this.drawKey()));
    if ((draw -= conditional) < 0) return [this.conditional(key)];
    return Array.from({ length: count }, () => this.drawAny(this.drawKey()));
  }

  /** For a slot that is being moved: operations that change it, and operations that see the change. */
  drawForMove(key: string): Intent {
    const draw = this.random.nextBelow(this.workload.mix.conditional > 0 ? 6 : 4);
    if (draw === 0) return this.get(key);
    if (draw > 3) return draw === 4 ? this.conditional(key) : this.swap(key);
    return draw > 1 ? this.put(key) : this.delete(key);
  }

  get(key: string): Intent {
    return { operation: { kind: 'get', key }, written: null, expected: undefined };
  }

  put(key: string, condition: Condition = always, wantPrevious = false): Intent {
    const written = this.nextValue();
    const value = encodeValue(written, this.drawSize());
    return {
      operation: { kind: 'put', key, value, condition, wantPrevious },
      written,
      expected: undefined,
    };
  }

  private delete(key: string, condition: Condition = always, wantPrevious = false): Intent {
    return {
      operation: { kind: 'delete', key, condition, wantPrevious },
      written: null,
      expected: undefined,
    };
  }

  private drawKey(): string {
    return this.keys[this.random.nextBelow(this.keys.length)]!;
  }

  private drawSize(): number {
    const { valueBytes } = this.workload;
    return valueBytes.length === 1 ? valueBytes[0]! : valueBytes[this.random.nextBelow(valueBytes.length)]!;
  }

  private drawAny(key: string): Intent {
    const draw = this.random.nextBelow(5);
    if (draw === 0) return this.get(key);
    if (draw === 1) return this.put(key);
    return draw === 2 ? this.delete(key) : this.conditional(key);
  }

  /** A compare-and-swap on what the client has seen. */
  private swap(key: string): Intent {
    const known = this.known.get(key);
    const intent = this.put(key);
    const { operation, written } = intent;
    if (known === undefined) return withCondition(intent, operation as Write, { kind: 'absent' }, null);
    const { version, value } = known;
    // Two ways to say the same: no key has version 0.
    const condition: Condition =
      written! % 2 === 0 ? { kind: 'version', version } : { kind: 'one_of', versions: [0, version] };
    return withCondition(intent, operation as Write, condition, value);
  }

  /** Any condition: of the version that was seen, of a neighbouring one, or of a much older one. */
  private conditional(key: string): Intent {
    const { random } = this;
    const condition = this.drawCondition(key);
    const wantPrevious = random.nextBelow(4) > 0;
    return random.nextBelow(3) === 0
      ? this.delete(key, condition, wantPrevious)
      : this.put(key, condition, wantPrevious);
  }

  private drawCondition(key: string): Condition {
    const { random } = this;
    const seen = this.known.get(key)?.version ?? 0;
    const near = () => Math.max(0, seen + [0, 0, 0, 1, -1, -seen][random.nextBelow(6)]!);
    const versions = Array.from({ length: random.nextBelow(4) }, near);
    switch (random.nextBelow(6)) {
      case 0:
        return { kind: 'exists' };
      case 1:
        return { kind: 'absent' };
      case 2:
        return { kind: 'version', version: near() };
      case 3:
        return { kind: 'one_of', versions };
      case 4:
        return { kind: 'none_of', versions, exists: random.nextBelow(2) === 0 };
      default:
        return always;
    }
  }
}

function withCondition(
  intent: Intent,
  operation: Write,
  condition: Condition,
  expected: number | null,
): Intent {
  return { ...intent, operation: { ...operation, condition }, expected };
}

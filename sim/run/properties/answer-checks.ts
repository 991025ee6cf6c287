/**
 * What every single answer must be, whatever the others are: a condition holds where the write was made, and does not hold where
 * it was refused; a version names the same value always; versions, and the epochs of a slot, never fall for a client.
 */
import type { Condition, KeyState, Outcome } from '../../../sharder/core/operation.ts';
import { slotOf } from '../../../sharder/core/slot.ts';
import { hashText } from '../../../sharder/hash.ts';
import { decodeValue, type Intent, type Learned } from '../scenario/intent.ts';
import { shownKey } from '../scenario/key-names.ts';
import type { StoredData } from './stored-data.ts';
import type { Violations } from './violations.ts';

/** What a client knew of a key when it asked. */
export interface Seen {
  version: number;
  /** The highest version at which the key was missing. */
  missingAt: number;
  epoch: number;
}

type Ok = Extract<Outcome, { kind: 'ok' }>;
type Refused = Extract<Outcome, { kind: 'failed' }>;

/** Everything that the clients of a run have learned together. */
export class AnswerChecks {
  private readonly violations: Violations;
  private readonly stored: StoredData;
  /** Key, then version, to the value that was written then. */
  private readonly named = new Map<string, Map<number, { value: number; created: number | null }>>();

  constructor(violations: Violations, stored: StoredData) {
    this.violations = violations;
    this.stored = stored;
  }

  check(intent: Intent, seen: Seen, learned: Learned): void {
    if (learned.kind === 'ok') this.checkOk(intent, seen, learned);
    else if (learned.kind === 'failed' && learned.code === 'condition_failed')
      this.checkRefusal(intent, seen, learned);
  }

  private checkOk({ operation, written }: Intent, seen: Seen, { result, place }: Ok): void {
    const key = shownKey(operation.key);
    const { violations } = this;
    const version = result.kind === 'get' ? (result.state?.version ?? result.version) : result.version;
    if (version < seen.version)
      violations.add(
        'versions_rise',
        `a ${result.kind} of ${key} has version ${version} after ${seen.version}`,
      );
    if (place.slot !== slotOf(operation.key, hashText))
      violations.add('ownership', `${key} was answered as of slot ${place.slot}`);
    const whyNot = this.stored.whyNotOf(place, result.version);
    if (whyNot !== null)
      violations.add('ownership', `a ${result.kind} of ${key} at version ${result.version}: ${whyNot}`);
    if (place.epoch < seen.epoch)
      violations.add('epochs_rise', `slot ${place.slot} is at epoch ${place.epoch} after ${seen.epoch}`);
    if (result.kind === 'get') {
      if (result.state !== null) this.name(operation.key, result.state, seen);
      return;
    }
    const { previous } = result;
    if (previous !== null) this.name(operation.key, previous, { ...seen, missingAt: -1 });
    if (operation.kind === 'get') return;
    if (!operation.wantPrevious && previous !== null)
      violations.add(
        'conditions',
        `a ${operation.kind} of ${key} tells a previous value that nobody asked for`,
      );
    if (previous !== null && previous.version >= result.version)
      violations.add('versions_rise', `${key} has version ${result.version} after ${previous.version}`);
    if (result.kind === 'delete' && operation.wantPrevious && result.deleted !== (previous !== null))
      violations.add('conditions', `a delete of ${key} tells of a previous value what it did not delete`);
    if (operation.wantPrevious && !holds(operation.condition, previous?.version ?? null))
      violations.add(
        'conditions',
        `a ${operation.kind} of ${key} was made over ${tell(previous?.version)} if ${JSON.stringify(operation.condition)}`,
      );
    if (result.kind === 'put') {
      const created = operation.wantPrevious ? (previous?.createdVersion ?? result.version) : null;
      this.nameVersion(operation.key, result.version, written!, created);
    }
  }

  private checkRefusal({ operation }: Intent, seen: Seen, { currentVersion }: Refused): void {
    const { violations } = this;
    if (operation.kind === 'get' || currentVersion === undefined) {
      violations.add('conditions', `a ${operation.kind} was refused for a condition without a version`);
      return;
    }
    const key = shownKey(operation.key);
    if (holds(operation.condition, currentVersion))
      violations.add(
        'conditions',
        `a ${operation.kind} of ${key} was refused at ${tell(currentVersion)} if ${JSON.stringify(operation.condition)}`,
      );
    if (currentVersion !== null && this.stored.named(operation.key, currentVersion) === undefined)
      violations.add(
        'versions_name_values',
        `${key} is said to have version ${currentVersion}, which it never had`,
      );
    if (currentVersion !== null && currentVersion < Math.max(seen.version, seen.missingAt + 1))
      violations.add(
        'versions_rise',
        `${key} is said to have version ${currentVersion} after ${seen.version}`,
      );
  }

  private name(key: string, { value, version, createdVersion }: KeyState, seen: Seen): void {
    this.nameVersion(key, version, decodeValue(value), createdVersion);
    if (createdVersion > version || createdVersion <= seen.missingAt)
      this.violations.add(
        'versions_rise',
        `${shownKey(key)} was created at ${createdVersion}, has ${version} and was missing at ${seen.missingAt}`,
      );
  }

  private nameVersion(key: string, version: number, value: number, created: number | null): void {
    this.checkNamed(key, version, value, created);
    let ofKey = this.named.get(key);
    if (ofKey === undefined) this.named.set(key, (ofKey = new Map()));
    const before = ofKey.get(version);
    if (before === undefined) {
      ofKey.set(version, { value, created });
      return;
    }
    if (before.value !== value)
      this.violations.add(
        'versions_name_values',
        `version ${version} of ${shownKey(key)} is ${before.value} and ${value}`,
      );
    if (before.created !== null && created !== null && before.created !== created)
      this.violations.add(
        'versions_name_values',
        `version ${version} of ${shownKey(key)} was created at ${before.created} and at ${created}`,
      );
    before.created ??= created;
  }

  /** Compares with the writes that the shards have applied. */
  private checkNamed(key: string, version: number, value: number, created: number | null): void {
    const applied = this.stored.named(key, version);
    if (applied?.value === value && (created === null || created === applied.created)) return;
    const told = `${value}${created === null ? '' : `, created at ${created}`}`;
    const was =
      applied === undefined ? 'was never applied' : `is ${applied.value}, created at ${applied.created}`;
    this.violations.add(
      'versions_name_values',
      `version ${version} of ${shownKey(key)} is said to be ${told}; it ${was}`,
    );
  }
}

/** Whether a condition holds for a key of this version; null: no such key. With code of its own, not the code under test. */
function holds(condition: Condition, version: number | null): boolean {
  switch (condition.kind) {
    case 'always':
      return true;
    case 'exists':
      return version !== null;
    case 'absent':
      return version === null;
    case 'version':
      return version === condition.version;
    case 'one_of':
      return version !== null && condition.versions.includes(version);
    case 'none_of':
      return version === null ? !condition.exists : !condition.versions.includes(version);
  }
}

const tell = (version: number | null | undefined) => (version ? `version ${version}` : 'nothing');

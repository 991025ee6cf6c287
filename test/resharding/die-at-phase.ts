/**
 * Loaded into a view server before its own code: kills it with SIGKILL as it enters a phase of a move, not a moment later. The
 * phase stands in a file, whose path is the query of this module's URL; the file is gone when it has happened, so that a
 * successor lives on.
 */
import { readFileSync, rmSync } from 'node:fs';
import { MoveDriver } from '../../cluster/resharding/move-driver.ts';

const file = decodeURIComponent(new URL(import.meta.url).search.slice(1));
// Called on the driver below, as it would have been.
const enter = Reflect.get(MoveDriver.prototype, 'enter');

MoveDriver.prototype.enter = function enterOrDie(this: MoveDriver, phase) {
  if (orderedPhase() === phase) {
    rmSync(file);
    process.kill(process.pid, 'SIGKILL');
  }
  enter.call(this, phase);
};

function orderedPhase(): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

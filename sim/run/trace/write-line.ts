/** One line of a story from one event of a trace: for `vase sim --trace`, and for the transcripts of test/property/transcripts/. */
import { wordsOf } from './event-words.ts';
import type { SimTraceLine } from './sim-event.ts';

/** The moment, the process, the event's name, and its words: exact, and easy to search. */
export function writeLine(line: SimTraceLine): string {
  const moment = (line.atUs / 1000).toFixed(3).padStart(10);
  return `${moment} ms  ${line.process.padEnd(10)} ${line.event.name.padEnd(18)} ${wordsOf(line.event)}`;
}

/** The same line as prose: the moment is rounded, and people's words replace the names of processes. */
export function writePlainLine(line: SimTraceLine): string {
  const moment = thousands(Math.round(line.atUs / 1000)).padStart(7);
  return `${moment} ms  ${plain(line.process).padEnd(18)} ${plain(wordsOf(line.event))}`;
}

/** Names of processes, and addresses of members, as people call them. */
function plain(text: string): string {
  return text
    .replaceAll(/\betcd-(\d+)-(\d+)\b(:2379)?/g, 'shard $1 member $2')
    .replaceAll(/\betcd-(\d+)\b/g, 'shard $1')
    .replaceAll(/\bview-(\d+)\b/g, 'mover $1')
    .replaceAll(/\b(sharder|client)-(\d+)\b/g, '$1 $2');
}

function thousands(number: number): string {
  return String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

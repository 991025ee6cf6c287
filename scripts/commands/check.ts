/** `vase check FILE.jsonl`: judges a recorded history of any store. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { UsageError } from '../../cluster/errors.ts';
import { checkHistory } from '../../sim/checker/check-history.ts';
import { drawHistory } from '../../sim/checker/drawing/draw-history.ts';
import { readDrawingAssets } from '../../sim/checker/drawing/drawing-assets.ts';
import { readHistoryFile } from '../../sim/checker/history/history-file.ts';
import { HistoryError, type History } from '../../sim/checker/history/history-reader.ts';
import { describeVerdict, verdictToJson } from '../../sim/checker/report.ts';
import { createPrinter } from '../terminal/printer.ts';

const exitCodes = { ok: 0, illegal: 4, unknown: 6 } as const;

const help = `
Each line is one JSON object:
  {"process":3,"type":"invoke|ok|fail|info","f":"get|put|cas|append|delete","key":"x","value":5,"time":1200}
A cas has the value [expected, new]. The ok of a get carries what it found, null when the key is missing. "fail" is
certainly not applied; with "reason":"mismatch", of a cas, it found another value. "info", or no completion, is open.
Optional: "version" of an ok, "removed":false of a delete, and {"type":"fault","name":"…","time":1,"until":2}.

Exit codes: 0 linearizable, 2 bad file, 4 not linearizable, 6 unknown.`;

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('Judge whether a recorded history is linearizable.')
    .argument('<file>', 'a history: JSON lines, or a pipe of them')
    .option('--html <file>', 'draw the history: one HTML file that needs no network')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (file: string, flags: { html?: string; json?: boolean }) => {
      const history = await readHistory(file);
      const verdict = checkHistory(history.operations);
      if (flags.html !== undefined)
        await writeDrawing(flags.html, drawHistory(history, verdict, readDrawingAssets()));
      const json = flags.json === true;
      createPrinter({ json }).result(
        json ? '' : describeVerdict(history, verdict),
        json ? verdictToJson(history, verdict) : {},
      );
      process.exitCode = exitCodes[verdict.kind];
    });
}

async function readHistory(file: string): Promise<History> {
  try {
    return await readHistoryFile(file);
  } catch (error) {
    if (error instanceof HistoryError) throw new UsageError(`${file}: ${error.message}`);
    if (isFileError(error)) throw new UsageError(`${file} cannot be read: ${error.code}`);
    throw error;
  }
}

async function writeDrawing(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    if (isFileError(error)) throw new UsageError(`${file} cannot be written: ${error.code}`);
    throw error;
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** `vase check FILE.jsonl …`: judges recorded histories of any store, each on its own. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { UsageError } from '../../cluster/errors.ts';
import { checkHistory } from '../../sim/checker/check-history.ts';
import { drawHistory } from '../../sim/checker/drawing/draw-history.ts';
import { readDrawingAssets } from '../../sim/checker/drawing/drawing-assets.ts';
import { readHistoryFile } from '../../sim/checker/history/history-file.ts';
import { HistoryError, type History } from '../../sim/checker/history/history-reader.ts';
import { describeVerdict, verdictToJson } from '../../sim/checker/report.ts';
import { printFailure } from '../terminal/print-failure.ts';
import { createPrinter } from '../terminal/printer.ts';

const exitCodes = { ok: 0, illegal: 4, unknown: 6 } as const;
/** The exit code of several histories: the first of these that one of them has. */
const gravest = [exitCodes.illegal, 2, exitCodes.unknown, exitCodes.ok];

interface Flags {
  html?: string;
  json?: boolean;
}

const help = `
Each line is one JSON object:
  {"process":3,"type":"invoke|ok|fail|info","f":"get|put|cas|append|delete","key":"x","value":5,"time":1200}
A cas has the value [expected, new]. The ok of a get carries what it found, null when the key is missing. "fail" is
certainly not applied; with "reason":"mismatch", of a cas, it found another value. "info", or no completion, is open.
Optional: "version" of an ok, "removed":false of a delete, and {"type":"fault","name":"…","time":1,"until":2}.

Exit codes: 0 linearizable, 2 bad file, 4 not linearizable, 6 unknown. Of several files: 4 before 2, 2 before 6.`;

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('Judge whether recorded histories are linearizable.')
    .argument('<file...>', 'histories, each of its own store: JSON lines, or a pipe of them')
    .option('--html <file>', 'draw the history: one HTML file that needs no network')
    .option('--json', 'print JSON: one document for each history')
    .addHelpText('after', help)
    .action(async (files: string[], flags: Flags) => {
      if (files.length > 1 && flags.html !== undefined)
        throw new UsageError('--html draws one history: name one file');
      const codes = new Set<number>();
      for (const file of files) codes.add(await checkFile(file, files.length > 1, flags));
      process.exitCode = gravest.find((code) => codes.has(code))!;
    });
}

/** @param isOneOfMany: then the output names the file, and the others are judged even after a bad file. */
async function checkFile(file: string, isOneOfMany: boolean, flags: Flags): Promise<number> {
  const json = flags.json === true;
  try {
    const history = await readHistory(file);
    const verdict = checkHistory(history.operations);
    if (flags.html !== undefined)
      await writeDrawing(flags.html, drawHistory(history, verdict, readDrawingAssets()));
    const text = json ? '' : `${isOneOfMany ? `${file}: ` : ''}${describeVerdict(history, verdict)}`;
    const data = json ? { ...(isOneOfMany ? { file } : {}), ...verdictToJson(history, verdict) } : {};
    createPrinter({ json }).result(text, data);
    return exitCodes[verdict.kind];
  } catch (error) {
    if (!isOneOfMany || !(error instanceof UsageError)) throw error;
    return printFailure(error);
  }
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

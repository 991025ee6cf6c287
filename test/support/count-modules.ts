/** Preloaded into a command (--import): at its end, writes to standard error which files and which parts of Node.js it loaded. */
import { registerHooks } from 'node:module';

const files: string[] = [];
registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) files.push(url);
    return next(url, context);
  },
});
process.on('exit', () => {
  const builtins = (process as unknown as { moduleLoadList: string[] }).moduleLoadList;
  process.stderr.write(`\nmodules: ${JSON.stringify({ files, builtins })}\n`);
});

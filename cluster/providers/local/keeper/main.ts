/** The keeper process of a local cluster: see `keeper.ts`. It ends by itself once the cluster or its sources are gone. */
import { pino } from 'pino';
import { z } from 'zod';
import { stateFolder } from '../../../state/state-folder.ts';
import { Keeper } from './keeper.ts';

const settings = z.object({
  checkout: z.string(),
  stateRoot: z.string(),
  binaries: z.string(),
  nodePath: z.string(),
  sharderNodeArguments: z.array(z.string()).optional(),
  sharderEnvironment: z.record(z.string(), z.string()).optional(),
  viewServerNodeArguments: z.array(z.string()).optional(),
});

const logger = pino({ level: 'info', base: { name: 'keeper', pid: process.pid } });
const told = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => told.abort());

const { VASE_KEEPER: text = '', ...environment } = process.env;
const { sharderNodeArguments, sharderEnvironment, viewServerNodeArguments, ...rest } = settings.parse(
  JSON.parse(text),
);
const keeper = new Keeper(
  {
    ...rest,
    environment,
    ...(sharderNodeArguments && { sharderNodeArguments }),
    ...(sharderEnvironment && { sharderEnvironment }),
    ...(viewServerNodeArguments && { viewServerNodeArguments }),
  },
  stateFolder(rest.stateRoot),
  logger,
);
logger.info('started: keeps the processes of the cluster running');
try {
  logger.info({ reason: await keeper.run(told.signal) }, 'stopped');
  process.exit(0);
} catch (error) {
  logger.fatal({ err: error }, 'the keeper failed');
  process.exit(1);
}

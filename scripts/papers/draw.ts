/** `make pictures`: draws the pictures of the papers anew; a test compares the checked-in pictures with the drawn ones. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawOverview, themes } from './overview.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'pictures');
for (const [name, colours] of Object.entries(themes))
  writeFileSync(join(folder, `overview-${name}.svg`), drawOverview(colours));

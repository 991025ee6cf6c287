/** `make rooms`: shows the rooms of each floor, or of the named one, from the top down, and which room imports which. */
import { join } from 'node:path';
import { describeFloor, floors, readRooms } from './rooms.ts';

const asked = process.argv.slice(2);
const unknown = asked.find((floor) => !floors.some((known) => known === floor));
if (unknown !== undefined) {
  process.stderr.write(`${unknown} is no floor: there are ${floors.join(', ')}\n`);
  process.exit(2);
}
const rooms = readRooms(join(import.meta.dirname, '..', '..'));
console.log((asked.length > 0 ? asked : floors).map((floor) => describeFloor(floor, rooms)).join('\n\n'));

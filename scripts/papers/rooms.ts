/**
 * The rooms of the sources: a folder with sources is a room, and an import from one room of a file in another is an arrow.
 * Rooms whose arrows lead around are a circle: none of them can be read, tested or changed without the others.
 */
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export const floors = ['scripts', 'sim', 'cluster', 'sharder'] as const;

export interface Room {
  /** Its folder, from the root of the checkout: "sim/checker/search". */
  name: string;
  files: number;
  /** By the name of the other room: how many imports lead there. Imports of types count. */
  arrows: ReadonlyMap<string, number>;
}

/** @param root the folder with package.json. */
export function readRooms(root: string): Room[] {
  const files = floors.flatMap((floor) => globSync(`${floor}/**/*.ts`, { cwd: root })).toSorted();
  return roomsOf(new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')])));
}

/**
 * @param sources by path from the root of the checkout, with slashes. A path to none of them is no import.
 * @returns the rooms in reading order: a room is above those that it imports.
 */
export function roomsOf(sources: ReadonlyMap<string, string>): Room[] {
  const rooms = new Map<string, { files: number; arrows: Map<string, number> }>();
  for (const [file, text] of sources) {
    const name = posix.dirname(file);
    const room = rooms.get(name) ?? { files: 0, arrows: new Map<string, number>() };
    rooms.set(name, room);
    room.files += 1;
    for (const target of importsOf(file, text)) {
      const other = posix.dirname(target);
      if (other !== name && sources.has(target)) room.arrows.set(other, (room.arrows.get(other) ?? 0) + 1);
    }
  }
  const found = [...rooms].map(([name, room]) => ({ name, ...room }));
  const depths = depthsOf(found);
  return found.toSorted(
    (a, b) => depths.get(b.name)! - depths.get(a.name)! || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
}

function importsOf(file: string, text: string): Set<string> {
  const paths = text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return new Set([...paths].map(([, path]) => posix.join(posix.dirname(file), path!)));
}

/** Each circle with its rooms, sorted. */
export function circlesIn(rooms: readonly Room[]): string[][] {
  const reached = new Map(rooms.map(({ name }) => [name, reachedFrom(name, rooms)]));
  const circles = new Map<string, string[]>();
  for (const { name } of rooms) {
    const circle = rooms
      .map((other) => other.name)
      .filter((other) => reached.get(name)!.has(other) && reached.get(other)!.has(name))
      .toSorted();
    if (circle.length > 0) circles.set(circle.join(), circle);
  }
  return [...circles.values()];
}

/** The rooms that arrows reach from it; it is one of them only when arrows lead back to it. */
function reachedFrom(start: string, rooms: readonly Room[]): ReadonlySet<string> {
  const arrows = new Map(rooms.map((room) => [room.name, room.arrows]));
  const reached = new Set(arrows.get(start)!.keys());
  // A room that is added while the set is walked is walked, too; each is added once.
  for (const room of reached) for (const next of arrows.get(room)!.keys()) reached.add(next);
  return reached;
}

/** The number of arrows on the longest way down from each room; a way ends when a circle would begin anew. */
function depthsOf(rooms: readonly Room[]): ReadonlyMap<string, number> {
  const arrows = new Map(rooms.map((room) => [room.name, room.arrows]));
  const depths = new Map<string, number>();
  const onTheWay = new Set<string>();
  const depthOf = (name: string): number => {
    const known = depths.get(name);
    if (known !== undefined || onTheWay.has(name)) return known ?? 0;
    onTheWay.add(name);
    const depth = Math.max(0, ...[...arrows.get(name)!.keys()].map((next) => depthOf(next) + 1));
    onTheWay.delete(name);
    depths.set(name, depth);
    return depth;
  };
  for (const { name } of rooms) depthOf(name);
  return depths;
}

/** A line for the floor, and one for each of its rooms. */
export function describeFloor(floor: string, rooms: readonly Room[]): string {
  const own = rooms.filter(({ name }) => isOn(floor, name));
  const width = Math.max(...own.map(({ name }) => name.length));
  const inside = own.flatMap(({ arrows }) => [...arrows].filter(([other]) => isOn(floor, other)));
  const circles = circlesIn(rooms).filter((circle) => circle.some((name) => isOn(floor, name)));
  const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);
  return [
    `${floor}: ${own.length} rooms, ${sum(own.map(({ files }) => files))} files; between its rooms ${sum(inside.map(([, count]) => count))} imports of ${inside.length} pairs, ${circles.length} circles`,
    ...own.map((room) => `  ${room.name.padEnd(width)} ${describeRoom(room)}`),
    ...circles.map((circle) => `  CIRCLE ${circle.join(', ')}`),
  ].join('\n');
}

function describeRoom({ files, arrows }: Room): string {
  const told = [...arrows].toSorted(([, a], [, b]) => b - a).map(([other, count]) => `${other} ${count}`);
  return `${String(files).padStart(3)} files${told.length === 0 ? '' : `  -> ${told.join(', ')}`}`;
}

function isOn(floor: string, room: string): boolean {
  return room === floor || room.startsWith(`${floor}/`);
}

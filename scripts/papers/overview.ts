/** The picture of the README: clients, sharders, shards with their slots and fences, and a slot that moves. */
import { arrow, bar, box, type Colours, dot, picture, words } from './svg.ts';

export const themes: Readonly<Record<'light' | 'dark', Colours>> = {
  light: {
    ink: '#1f2328',
    muted: '#59636e',
    line: '#8c959f',
    panel: '#f6f8fa',
    shards: ['#0969da', '#1a7f37', '#8250df'],
    move: '#bc4c00',
  },
  dark: {
    ink: '#f0f6fc',
    muted: '#9198a1',
    line: '#656c76',
    panel: '#151b23',
    shards: ['#4493f8', '#3fb950', '#ab7df8'],
    move: '#db6d28',
  },
};

const width = 880;
const height = 400;
const title =
  'Clients send HTTP to stateless sharders. A sharder sends what waits for one shard in one transaction that compares the ' +
  "shard's fence. Each shard is an etcd cluster. The view server moves slots between shards.";

const shardHeight = 84;
const shardTops = [44, 144, 244];
const shardLeft = 540;
const shardWidth = 320;
const sharderTops = [64, 154, 244];
const sharderLeft = 226;
const sharderWidth = 150;
const sharderHeight = 56;
const clientsBox = { x: 16, y: 134, width: 130, height: 96 };

export function drawOverview(colours: Colours): string {
  const { ink, muted, line, panel, move } = colours;
  const frame = { fill: panel, stroke: line };
  const viewServer = { x: sharderLeft, y: 336, width: sharderWidth, height: 48 };
  return picture({ width, height, title, tip: line }, [
    heading('clients', clientsBox.x + clientsBox.width / 2, muted),
    heading('sharders: stateless', sharderLeft + sharderWidth / 2, muted),
    heading('shards: an etcd cluster each', shardLeft + shardWidth / 2, muted),
    box(clientsBox, frame),
    ...['GET, PUT, DELETE', 'with conditions', 'over HTTP'].map((text, index) =>
      words({ text, at: { x: 81, y: 164 + 24 * index }, fill: ink, anchor: 'middle' }),
    ),
    ...sharderTops.flatMap((y, index) => [
      arrow({ x: 146, y: 182 }, { x: sharderLeft, y: y + sharderHeight / 2 }, { stroke: line }),
      box({ x: sharderLeft, y, width: sharderWidth, height: sharderHeight }, frame),
      words({
        text: `sharder ${index + 1}`,
        at: { x: sharderLeft + sharderWidth / 2, y: y + 24 },
        fill: ink,
        anchor: 'middle',
        isStrong: true,
      }),
      words({
        text: 'key → slot → shard',
        at: { x: sharderLeft + sharderWidth / 2, y: y + 43 },
        fill: muted,
        size: 12,
        anchor: 'middle',
      }),
      ...shardTops.map((top) =>
        arrow(
          { x: sharderLeft + sharderWidth, y: y + sharderHeight / 2 },
          { x: shardLeft, y: top + shardHeight / 2 },
          { stroke: line },
        ),
      ),
    ]),
    ...shardTops.flatMap((_, index) => drawShard(index, colours)),
    box({ x: 380, y: 14, width: 150, height: 42 }, frame),
    words({
      text: 'one transaction: if the',
      at: { x: 457, y: 34 },
      fill: ink,
      size: 11,
      anchor: 'middle',
    }),
    words({
      text: 'fence is still R, do these',
      at: { x: 455, y: 47 },
      fill: ink,
      size: 11,
      anchor: 'middle',
    }),
    box(viewServer, { fill: panel, stroke: move }),
    words({ text: 'view server', at: { x: 301, y: 357 }, fill: ink, anchor: 'middle', isStrong: true }),
    words({ text: 'moves slots', at: { x: 301, y: 374 }, fill: muted, size: 12, anchor: 'middle' }),
    arrow({ x: sharderLeft + sharderWidth, y: 360 }, { x: 528, y: 360 }, { stroke: move, isDashed: true }),
    words({ text: 'claim, copy, tail, freeze, prove, activate', at: { x: 540, y: 357 }, fill: move }),
    words({ text: 'while clients write', at: { x: 540, y: 375 }, fill: move }),
  ]);
}

function heading(text: string, x: number, fill: string): string {
  return words({ text, at: { x, y: 26 }, fill, anchor: 'middle' });
}

/** Its name, its three members, one of them the leader, and which of the 1024 slots it owns. */
function drawShard(index: number, { ink, muted, line, panel, shards, move }: Colours): string[] {
  const colour = shards[index]!;
  const top = shardTops[index]!;
  const slots = { x: shardLeft + 16, y: top + 58, width: shardWidth - 32, height: 12 };
  const share = slots.width / shardTops.length;
  const ownedLeft = slots.x + share * index;
  // The third has just been given a few slots of the second.
  const moved = 14;
  const owned =
    index === 1
      ? { x: ownedLeft, width: share - moved }
      : { x: ownedLeft - (index === 2 ? moved : 0), width: share + (index === 2 ? moved : 0) };
  return [
    box({ x: shardLeft, y: top, width: shardWidth, height: shardHeight }, { fill: panel, stroke: colour }),
    words({ text: `shard ${index + 1}`, at: { x: shardLeft + 16, y: top + 26 }, fill: ink, isStrong: true }),
    words({
      text: index === 0 ? 'and the view' : 'and a copy of the view',
      at: { x: shardLeft + 80, y: top + 26 },
      fill: muted,
      size: 12,
    }),
    words({
      text: 'fence: its slots of 1024',
      at: { x: shardLeft + 16, y: top + 48 },
      fill: muted,
      size: 12,
    }),
    ...[0, 1, 2].map((member) =>
      dot({ x: shardLeft + shardWidth - 76 + 28 * member, y: top + 26 }, 9, {
        fill: member === 0 ? colour : panel,
        stroke: colour,
      }),
    ),
    bar(slots, line),
    bar({ ...slots, ...owned }, colour),
    ...(index === 2 ? [bar({ ...slots, x: owned.x, width: moved }, move)] : []),
  ];
}

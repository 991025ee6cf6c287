// The chart of one key as SVG text: lanes, bars, faults, the register and the path of the linearization. Pure: it depends on
// its argument alone, a frame. Runs in a browser, before viewer.js.
'use strict';

const geometry = {
  left: 96,
  right: 8,
  axisTop: 22,
  registerTop: 46,
  registerHeight: 22,
  lanesTop: 80,
  laneHeightMin: 28,
  laneHeightMax: 44,
};

// Points are numbered while there is room for the numbers.
const numberedMax = 150;

/**
 * @param frame.drawing the whole data; frame.key one of its keys; frame.view the span of time; frame.width in pixels;
 * frame.indexes the operations to draw.
 * @returns the SVG's height and content.
 */
// oxlint-disable-next-line no-unused-vars -- viewer.js calls it
function drawChart(frame) {
  const processes = [...new Set(frame.indexes.map((index) => frame.key.drawn[index].process))];
  const lane = laneFor(processes.length, frame.height);
  const lanes = new Map();
  for (const process of processes.toSorted((a, b) => a - b)) {
    lanes.set(process, geometry.lanesTop + lanes.size * lane.height);
  }
  const height = Math.max(frame.height, geometry.lanesTop + lanes.size * lane.height + 8);
  const inside = { ...frame, height, lane, lanes };
  const { left } = geometry;
  const content = [
    `<defs><clipPath id="inside"><rect x="${left}" y="0" width="${frame.width}" height="${height}"/></clipPath></defs>`,
    `<g>${[...lanes].map(([process, y]) => drawLane(process, y, inside)).join('')}</g>`,
    drawAxis(inside),
    '<g clip-path="url(#inside)">',
    ...frame.drawing.faults.map((fault, index) => drawSpan(fault, { kind: 'fault', index }, inside)),
    ...frame.drawing.findings.map((finding, index) => drawSpan(finding, { kind: 'finding', index }, inside)),
    drawRegister(inside),
    ...frame.indexes.map((index) => drawOperation(index, inside)),
    drawDeadline(inside),
    drawPath(inside),
    '</g>',
  ];
  return { height, content: content.join('') };
}

/** Lanes share the height there is. Points hang at the lower edge of their bars, so that numbers do not hide labels. */
function laneFor(count, height) {
  const { laneHeightMin, laneHeightMax, lanesTop } = geometry;
  const laneHeight = Math.min(
    laneHeightMax,
    Math.max(laneHeightMin, Math.floor((height - lanesTop - 8) / count)),
  );
  const barTop = Math.round(laneHeight * 0.13);
  const barHeight = Math.round(laneHeight * 0.34) + 5;
  return { height: laneHeight, barTop, barHeight, pointTop: barTop + barHeight + 3 };
}

function xOf(time, { view, width }) {
  const share = (time - view.from) / (view.to - view.from);
  return geometry.left + share * (width - geometry.left - geometry.right);
}

function escapeText(text) {
  return String(text).replaceAll(/[&<>"]/g, (letter) => `&#${letter.codePointAt(0)};`);
}

function clipText(text, pixels) {
  const most = Math.floor((pixels - 10) / 7);
  if (text.length <= most) return escapeText(text);
  return most < 4 ? '' : escapeText(`${text.slice(0, most - 1)}…`);
}

function drawLane(process, y, { width, lane }) {
  return `<g class="lane" data-process="${process}"><rect x="0" y="${y}" width="${width}" height="${lane.height}"/>
    <text class="name" x="14" y="${y + lane.barTop + 14}">process ${process}</text></g>`;
}

function drawAxis(frame) {
  const { view, width, height } = frame;
  const rough = (view.to - view.from) / Math.max(2, width / 130);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  let ticks = '';
  for (let number = Math.ceil(view.from / step); number * step <= view.to; number++) {
    const x = xOf(number * step, frame);
    ticks += `<line x1="${x}" x2="${x}" y1="${geometry.axisTop}" y2="${height}"/>
      <text x="${x + 4}" y="16">${(number * step).toFixed(digits)}</text>`;
  }
  const name = `<text x="14" y="${geometry.registerTop + 15}">register</text>`;
  return `<g class="axis"><text x="14" y="16">ms</text>${ticks}${name}</g>`;
}

// Findings have their names below the register, because faults have their names above it.
function drawSpan({ name, from, to }, { kind, index }, frame) {
  if (to < frame.view.from || from > frame.view.to) return '';
  const left = Math.max(geometry.left, xOf(from, frame));
  const wide = Math.max(2, Math.min(frame.width, xOf(to, frame)) - left);
  const { axisTop, lanesTop } = geometry;
  const textTop = kind === 'fault' ? axisTop + 14 : lanesTop - 3;
  return `<g class="${kind}" data-${kind}="${index}">
    <rect x="${left}" y="${axisTop}" width="${wide}" height="${frame.height}"/>
    <line x1="${left}" x2="${left}" y1="${axisTop}" y2="${frame.height}"/>
    <text x="${left + 5}" y="${textTop}">${clipText(name, wide)}</text></g>`;
}

function labelOf({ kind, action, result, outcome }) {
  if (kind === 'get' && outcome === 'ok') return result.replace(/^found (.*?)(, version \d+)?$/s, 'get → $1');
  const short = action.replace(' -> ', ' → ');
  return outcome === 'mismatch' ? `${short} ✗` : short;
}

function drawOperation(index, frame) {
  const { key, width, lane, lanes } = frame;
  const operation = key.drawn[index];
  const left = xOf(operation.from, frame);
  const right = operation.to === null ? width + 20 : xOf(operation.to, frame);
  const y = lanes.get(operation.process) + lane.barTop;
  const classes = ['operation', operation.kind, operation.outcome];
  if (index === key.blocked) classes.push('blocked');
  else if (operation.step === 0) classes.push('left');
  if (index === key.against) classes.push('against');
  const shown = Math.max(left, geometry.left);
  const text = clipText(labelOf(operation), Math.min(right, width) - shown);
  return `<g class="${classes.join(' ')}" data-index="${index}">
    <rect x="${left}" y="${y}" width="${Math.max(3, right - left)}" height="${lane.barHeight}" rx="6"/>
    <text x="${shown + 6}" y="${y + 14}">${text}</text></g>`;
}

/** Where the operation in red returned: it should have taken effect before. */
function drawDeadline(frame) {
  const blocked = frame.key.drawn[frame.key.blocked];
  if (blocked === undefined || blocked.to === null) return '';
  const x = xOf(blocked.to, frame);
  return `<line class="deadline" x1="${x}" x2="${x}" y1="${geometry.axisTop}" y2="${frame.height}"/>`;
}

function drawPath(frame) {
  const { indexes, key, view, lane, lanes } = frame;
  const steps = indexes.map((index) => key.drawn[index]).filter(({ at }) => at !== null);
  const places = steps
    .toSorted((a, b) => a.step - b.step)
    .map(({ at, process, step }) => ({ x: xOf(at, frame), y: lanes.get(process) + lane.pointTop, step }));
  const numbered = steps.filter(({ at }) => at >= view.from && at <= view.to).length <= numberedMax;
  const line = places.map((place, index) => drawStep(places[index - 1], place)).join('');
  const points = places.map((place) => drawPoint(place, numbered));
  return `<path class="path${numbered ? '' : ' crowded'}" d="${line}"/>${points.join('')}`;
}

/** Draws no line where a step between the two is not drawn. */
function drawStep(before, { x, y, step }) {
  if (before === undefined || before.step !== step - 1) return `M${x},${y}`;
  const middle = (before.x + x) / 2;
  return `C${middle},${before.y} ${middle},${y} ${x},${y}`;
}

function drawPoint({ x, y, step }, numbered) {
  const radius = numbered ? 6 + 2 * String(step).length : 2.5;
  const number = numbered ? `<text x="${x}" y="${y + 3.5}">${step}</text>` : '';
  return `<g class="point" data-step="${step}"><circle cx="${x}" cy="${y}" r="${radius}"/>${number}</g>`;
}

/** The values of the register between the steps; equal values have equal colours. */
function drawRegister(frame) {
  const { key, view, width } = frame;
  const steps = key.drawn.filter(({ at }) => at !== null).toSorted((a, b) => a.step - b.step);
  const { registerTop: y, registerHeight } = geometry;
  let spans = '';
  for (let index = 0, next = 0; index < steps.length; index = next) {
    const { state, at } = steps[index];
    while (steps[next]?.state === state) next++;
    const to = steps[next]?.at ?? view.to;
    if (to < view.from || at > view.to || to === at) continue;
    const left = Math.max(xOf(at, frame), geometry.left);
    const wide = Math.max(1, Math.min(xOf(to, frame), width) - left);
    spans += `<g class="state"><rect x="${left}" y="${y}" width="${wide}" height="${registerHeight}" rx="4" fill="${colourOf(state)}"/>
      <text x="${left + 5}" y="${y + 15}">${clipText(state, wide)}</text></g>`;
  }
  return spans;
}

function colourOf(text) {
  if (text === 'nothing') return '#c9ccd2';
  let hash = 7;
  for (const letter of text) hash = (hash * 31 + letter.codePointAt(0)) % 3600;
  return `hsl(${(hash * 47) % 360} 62% 76%)`;
}

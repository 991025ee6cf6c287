// Lets a reader move through the data embedded in the page (see drawing-data.ts). Runs in a browser, after chart.js.
'use strict';
{
  const element = (id) => document.getElementById(id);
  const drawing = JSON.parse(element('data').textContent);
  const chart = element('chart');
  const stage = element('stage');
  const overview = element('overview');
  const details = element('details');

  // More bars than this tell nothing and only slow the browser down.
  const barsMax = 3000;
  // Operations in the first view, around a failure.
  const firstViewOperations = 30;
  const overviewHeight = 44;
  const marks = { ok: '✓', illegal: '✗', unknown: '?' };
  const verdicts = { ok: 'Linearizable', illegal: 'Not linearizable', unknown: 'Not decided' };

  let key = drawing.keys[0];
  let view = { from: 0, to: 1 };

  const width = () => Math.max(400, stage.clientWidth);
  const padded = (from, to, share) => {
    const pad = Math.max(1e-6, to - from) * share;
    return { from: from - pad, to: to + pad };
  };
  const timeAt = (pixel) => {
    const share = (pixel - geometry.left) / (width() - geometry.left - geometry.right);
    return view.from + share * (view.to - view.from);
  };

  function spanOf(operations, share) {
    const from = Math.min(...operations.map((operation) => operation.from));
    const to = Math.max(...operations.map((operation) => operation.to ?? operation.from));
    return padded(from, to, share);
  }

  // A key without a failure is drawn in part; findings may lie elsewhere.
  const extent = () => spanOf([...key.drawn, ...drawing.findings], 0.02);

  // The operation in red with about as many operations before and after it as a reader can take in at once.
  function viewOfFailure() {
    if (key.blocked < 0 && drawing.findings.length > 0) return extent();
    const most = key.drawn.length - firstViewOperations;
    if (most <= 0) return extent();
    const first = Math.round(key.blocked - firstViewOperations * 0.6);
    const start = Math.max(0, Math.min(first, most));
    const shown = key.drawn.slice(start, start + firstViewOperations);
    return spanOf(key.blocked < 0 ? shown : [...shown, key.drawn[key.blocked]], 0.04);
  }

  // Open operations never end; those from before the view are drawn only if they take effect in it.
  function isVisible({ from, to, at }, index) {
    if (from > view.to) return false;
    if (to !== null) return to >= view.from;
    return from >= view.from || index === key.blocked || (at !== null && at >= view.from && at <= view.to);
  }

  function draw() {
    const visible = [...key.drawn.keys()].filter((index) => isVisible(key.drawn[index], index));
    const indexes = visible.filter((index, place) => place < barsMax || index === key.blocked);
    const frame = { drawing, key, view, indexes, width: width(), height: stage.clientHeight - 2 };
    const { height, content } = drawChart(frame);
    chart.setAttribute('height', height);
    chart.innerHTML = content;
    const more = visible.length > indexes.length ? `, ${indexes.length} drawn: zoom in for all` : '';
    element('note').textContent = `${visible.length} of ${key.total} operations in view${more}`;
    drawOverview();
  }

  function drawOverview() {
    const scale = globalThis.devicePixelRatio || 1;
    const wide = overview.clientWidth;
    overview.width = wide * scale;
    overview.height = overviewHeight * scale;
    const pen = overview.getContext('2d');
    pen.scale(scale, scale);
    const all = extent();
    const across = (time) => ((time - all.from) / (all.to - all.from)) * wide;
    const bar = (from, to, least) =>
      pen.fillRect(across(from), 0, Math.max(least, across(to) - across(from)), overviewHeight);

    pen.fillStyle = colour('--fault');
    for (const { from, to } of drawing.faults) bar(from, to, 2);
    pen.fillStyle = colour('--finding');
    for (const { from, to } of drawing.findings) bar(from, to, 2);
    const density = Array.from({ length: wide + 1 }, () => 0);
    for (const { from } of key.drawn) density[Math.round(across(from))]++;
    const most = Math.max(...density);
    pen.fillStyle = colour('--soft');
    density.forEach((count, pixel) => pen.fillRect(pixel, 40 - (count / most) * 34, 1, (count / most) * 34));
    pen.fillStyle = colour('--bad');
    if (key.blocked >= 0) bar(key.drawn[key.blocked].from, key.drawn[key.blocked].from, 3);
    pen.strokeStyle = colour('--path');
    pen.lineWidth = 2;
    pen.strokeRect(
      across(view.from),
      1,
      Math.max(4, across(view.to) - across(view.from)),
      overviewHeight - 2,
    );
  }

  // A canvas does not know light-dark(); an element does.
  function colour(name) {
    details.style.outlineColor = `var(${name})`;
    return getComputedStyle(details).outlineColor;
  }

  function showDetails(event) {
    const bar = event.target.closest('.operation');
    const span = event.target.closest('.fault, .finding');
    details.hidden = bar === null && span === null;
    if (details.hidden) return;
    details.innerHTML = bar === null ? describeSpan(span.dataset) : describe(Number(bar.dataset.index));
    const { clientX, clientY } = event;
    details.style.left = `${Math.max(8, Math.min(clientX + 16, innerWidth - details.offsetWidth - 12))}px`;
    details.style.top = `${Math.max(8, Math.min(clientY + 18, innerHeight - details.offsetHeight - 12))}px`;
  }

  function describe(index) {
    const { process, action, result, from, to, step, state } = key.drawn[index];
    const rows = [
      ['process', process],
      ['result', result],
      ['time', to === null ? `${from.toFixed(3)} ms to no end` : `${from.toFixed(3)} to ${to.toFixed(3)} ms`],
    ];
    if (to !== null) rows.push(['took', `${(to - from).toFixed(3)} ms`]);
    if (step > 0) rows.push(['step', step], ['register after it', state]);
    else if (index !== key.blocked) rows.push(['step', 'none: not in this linearization']);
    const bad = index === key.blocked ? `<p class="bad">${escapeText(key.sentence)}</p>` : '';
    return describeRows(action, rows) + bad;
  }

  function describeSpan({ fault, finding }) {
    const { name, what, from, to } =
      finding === undefined ? drawing.faults[fault] : drawing.findings[finding];
    const time = ['time', `${from.toFixed(3)} to ${to.toFixed(3)} ms`];
    return describeRows(name, what === undefined ? [time] : [time, ['finding', what]]);
  }

  function describeRows(title, rows) {
    const list = rows.map(([name, value]) => `<dt>${name}</dt><dd>${escapeText(value)}</dd>`).join('');
    return `<b>${escapeText(title)}</b><dl>${list}</dl>`;
  }

  function show({ from, to }) {
    const all = extent();
    const whole = all.to - all.from;
    const span = Math.min(Math.max(to - from, whole * 1e-7, 1e-6), whole * 1.2);
    const middle = Math.min(Math.max((from + to) / 2, all.from), all.to);
    view = { from: middle - span / 2, to: middle + span / 2 };
    draw();
  }

  function showFailure() {
    show(viewOfFailure());
    chart.querySelector('.blocked')?.scrollIntoView({ block: 'nearest' });
  }

  function zoom(factor, at = (view.from + view.to) / 2) {
    show({ from: at - (at - view.from) * factor, to: at + (view.to - at) * factor });
  }

  function pan(share) {
    const by = (view.to - view.from) * share;
    show({ from: view.from + by, to: view.to + by });
  }

  function centreAt(pixel) {
    const all = extent();
    const centre = all.from + (pixel / overview.clientWidth) * (all.to - all.from);
    const half = (view.to - view.from) / 2;
    show({ from: centre - half, to: centre + half });
  }

  function choose(index) {
    key = drawing.keys[index];
    const name = key.key === null ? 'The register' : `Key ${JSON.stringify(key.key)}`;
    const part =
      key.drawn.length < key.total ? ` Of ${key.total} operations ${key.drawn.length} are kept here.` : '';
    element('badge').className = key.verdict;
    element('badge').textContent = marks[key.verdict];
    element('title').textContent = `${name}: ${verdicts[key.verdict]}`;
    element('sentence').textContent = key.sentence + part;
    element('failure').hidden = key.blocked < 0;
    showFailure();
  }

  function fillPage() {
    element('key').innerHTML = drawing.keys
      .map(({ key: name, verdict, total }, index) => {
        const text = `${marks[verdict]} ${name ?? 'the register'} (${total})`;
        return `<option value="${index}">${escapeText(text)}</option>`;
      })
      .join('');
    const kinds = ['get', 'put', 'cas', 'append', 'delete'].filter((kind) =>
      drawing.keys.some(({ drawn }) => drawn.some((operation) => operation.kind === kind)),
    );
    const swatch = (kind) => `<span><i style="background:var(--${kind})"></i>${kind}</span>`;
    element('legend').innerHTML = kinds.map(swatch).join('');
    element('findings').innerHTML = drawing.findings
      .map(({ name, what }) => `<li><b>${escapeText(name)}</b> ${escapeText(what)}.</li>`)
      .join('');
  }

  function changeTheme() {
    const root = document.documentElement;
    const before =
      root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
    root.dataset.theme = before === 'dark' ? 'light' : 'dark';
    drawOverview();
  }

  function turnWheel(event) {
    // The plain wheel scrolls the lanes.
    if (!event.ctrlKey && !event.shiftKey && event.deltaX === 0) return;
    event.preventDefault();
    const pixel = event.clientX - stage.getBoundingClientRect().left;
    if (event.ctrlKey) zoom(event.deltaY > 0 ? 1.25 : 0.8, timeAt(pixel));
    else pan((event.deltaX || event.deltaY) / width());
  }

  function onDrag(target, onMove) {
    target.addEventListener('pointerdown', () => {
      const ends = new AbortController();
      addEventListener('pointermove', onMove, ends);
      addEventListener('pointerup', () => ends.abort(), ends);
    });
  }

  const actions = {
    f: showFailure,
    0: () => show(extent()),
    '+': () => zoom(0.5),
    '-': () => zoom(2),
    ArrowLeft: () => pan(-0.2),
    ArrowRight: () => pan(0.2),
  };

  function listen() {
    element('key').addEventListener('change', (event) => choose(Number(event.target.value)));
    for (const [id, pressed] of Object.entries({ failure: 'f', fit: '0', in: '+', out: '-' })) {
      element(id).addEventListener('click', actions[pressed]);
    }
    element('theme').addEventListener('click', changeTheme);
    chart.addEventListener('mousemove', showDetails);
    chart.addEventListener('mouseleave', () => (details.hidden = true));
    chart.addEventListener('dblclick', (event) => zoom(0.5, timeAt(event.offsetX)));
    stage.addEventListener('wheel', turnWheel, { passive: false });
    onDrag(chart, (event) => pan(-event.movementX / width()));
    overview.addEventListener('pointerdown', (event) => centreAt(event.offsetX));
    onDrag(overview, (event) => centreAt(event.clientX - overview.getBoundingClientRect().left));
    addEventListener('keydown', (event) => actions[event.key]?.());
    addEventListener('resize', draw);
  }

  fillPage();
  listen();
  choose(0);
}

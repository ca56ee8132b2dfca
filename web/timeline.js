// The record over time, as SVG: problems and medications as bars, measurements as plots. Every mark can be reached by keyboard and has its text.
const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 960;
const NAME_WIDTH = 260;
const ROW = 22;
const LANES_MAX = 40;
const PLOTS_MAX = 24;

function draw(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// A date of any precision as a number of years.
function yearOf(date) {
  const [, year, month = '01', day = '01'] = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?/.exec(date) ?? [];
  return year === undefined ? NaN : Number(year) + (Number(month) - 1) / 12 + (Number(day) - 1) / 365;
}

function group(facts, keyOf) {
  const groups = new Map();
  for (const fact of facts) {
    const key = keyOf(fact);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(fact);
  }
  return groups;
}

const isCurrent = (fact) => /^(active|recurrence|relapse|in-progress|intended)/.test(fact.status);

function drawAxis(svg, from, to, height) {
  const step = Math.max(1, Math.ceil((to - from) / 8));
  for (let year = Math.ceil(from); year <= to; year += step) {
    const x = NAME_WIDTH + ((year - from) / (to - from)) * (WIDTH - NAME_WIDTH - 10);
    svg.append(draw('line', { x1: x, x2: x, y1: 0, y2: height - 16, class: 'axis' }), draw('text', { x, y: height - 3, class: 'axis-text' }, String(year)));
  }
}

// One lane for each thing that has a name: from the first time it is spoken of to the last, or to the record's end while it is active.
export function drawLanes(into, facts, all) {
  const dated = facts.filter((fact) => !Number.isNaN(yearOf(fact.date)));
  const years = all.map((fact) => yearOf(fact.date)).filter((year) => !Number.isNaN(year));
  const lanes = [...group(dated, (fact) => fact.label)].map(([label, those]) => {
    const times = those.map((fact) => yearOf(fact.date));
    return { label, those, from: Math.min(...times), to: Math.max(...times), current: those.some(isCurrent) };
  });
  if (lanes.length === 0) {
    into.textContent = 'none';
    return;
  }
  const end = Math.max(...years) + 0.1;
  const begin = Math.min(...lanes.map((lane) => lane.from)) - 0.1;
  lanes.sort((a, b) => b.current - a.current || b.to - a.to);
  const shown = lanes.slice(0, LANES_MAX);
  const height = shown.length * ROW + 20;
  const svg = draw('svg', { viewBox: `0 0 ${WIDTH} ${height}`, role: 'group', 'aria-label': `${lanes.length} over time` });
  drawAxis(svg, begin, end, height);
  shown.forEach((lane, row) => {
    const x = (year) => NAME_WIDTH + ((year - begin) / (end - begin)) * (WIDTH - NAME_WIDTH - 10);
    const to = lane.current ? end : lane.to;
    const words = `${lane.label}: since ${lane.those[0].date}, ${lane.current ? 'active' : lane.those.at(-1).status}`;
    const mark = draw('g', { tabindex: 0, role: 'img', 'aria-label': words, 'data-reference': lane.those.at(-1).reference });
    mark.append(draw('title', {}, words), draw('text', { x: 0, y: row * ROW + 15 }, lane.label.length > 40 ? `${lane.label.slice(0, 39)}…` : lane.label),
      draw('rect', { x: x(lane.from), y: row * ROW + 4, height: ROW - 9, rx: 3, width: Math.max(4, x(to) - x(lane.from)), class: lane.current ? 'bar' : 'bar is-over' }));
    svg.append(mark);
  });
  into.replaceChildren(svg);
  if (lanes.length > LANES_MAX) into.append(`and ${lanes.length - LANES_MAX} more, in the list`);
}

// The range within which no value was flagged, where both kinds are there: what the record itself says is usual.
function unflaggedRange(points) {
  const plain = points.filter((p) => p.fact.flag === 'none').map((p) => p.y);
  return plain.length > 0 && plain.length < points.length ? [Math.min(...plain), Math.max(...plain)] : null;
}

function drawPlot(label, points) {
  const width = 280;
  const height = 90;
  const [left, right] = [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.x))];
  const [low, high] = [Math.min(...points.map((p) => p.y)), Math.max(...points.map((p) => p.y))];
  const x = (value) => 6 + ((value - left) / (right - left || 1)) * (width - 12);
  const y = (value) => height - 8 - ((value - low) / (high - low || 1)) * (height - 16);
  const svg = draw('svg', { viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': `${label}, ${points.length} values` });
  const range = unflaggedRange(points);
  if (range) svg.append(draw('rect', { x: 0, width, y: y(range[1]), height: Math.max(2, y(range[0]) - y(range[1])), class: 'band' }));
  svg.append(draw('polyline', { points: points.map((p) => `${x(p.x)},${y(p.y)}`).join(' '), class: 'trace' }));
  for (const { x: at, y: value, fact } of points) {
    const words = `${fact.date}: ${fact.value}${fact.flag === 'none' ? '' : `, ${fact.flag}`}`;
    const mark = draw('g', { role: 'img', 'aria-label': words, 'data-reference': fact.reference });
    mark.append(draw('title', {}, words), draw('circle', { cx: x(at), cy: y(value), r: 3.5, class: fact.flag === 'none' ? 'dot' : 'dot is-flagged' }));
    svg.append(mark);
  }
  const last = points.at(-1).fact;
  const figure = document.createElement('figure');
  const caption = document.createElement('figcaption');
  caption.append(`${label}: `, Object.assign(document.createElement('strong'), { textContent: last.value }), ` ${last.date}`);
  figure.append(svg, caption);
  return figure;
}

export function drawMeasurements(into, facts) {
  const plots = [...group(facts, (fact) => fact.label)]
    .map(([label, those]) => [label, those.map((fact) => ({ fact, x: yearOf(fact.date), y: Number.parseFloat(fact.value) }))
      .filter((p) => !Number.isNaN(p.x) && !Number.isNaN(p.y))])
    .filter(([, points]) => points.length > 1)
    .sort((a, b) => b[1].length - a[1].length);
  into.replaceChildren(...plots.slice(0, PLOTS_MAX).map(([label, points]) => drawPlot(label, points)));
  if (plots.length === 0) into.textContent = 'none';
}

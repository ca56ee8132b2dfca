// The curves of docs/scaling.json as one picture, docs/pictures/scaling.svg, and as the table of docs/scaling.md. node tests/scale/draw.js
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { efficiencyOf, goodputOf, shortOf } = require('./goals');
const { colour, escape, plot } = require('./picture_page');

const ROOT = path.resolve(__dirname, '../..');
const [CELL_WIDTH, CELL_HEIGHT, HEAD] = [400, 230, 26];

const results = JSON.parse(fs.readFileSync(path.join(ROOT, 'docs/scaling.json'), 'utf8'));

function cell(title, series, unit, counts, top) {
  const names = series.map((one, at) => `<tspan x="${52 + 170 * (at % 2)}" y="${HEAD + 14 * Math.floor(at / 2)}" fill="${one.colour ?? colour(at)}">${one.dashed ? '┄' : '━'} ${escape(one.name)}</tspan>`).join('');
  const plotted = plot({ width: CELL_WIDTH - 16, height: CELL_HEIGHT - 66, series, unit, xs: counts.map((count) => [count, `${count}`]), top });
  return `<text x="8" y="12" style="font-weight:600;fill:#1c2323">${escape(title)}</text><text>${names}</text><g transform="translate(0 ${HEAD + 26})">${plotted.replace('<svg ', '<svg overflow="visible" ')}</g>`;
}

function rowOf(subject, { points, shares }) {
  const counts = points.map((point) => point.replicas);
  const of = (pick) => points.map((point) => [point.replicas, pick(point)]);
  const even = points[0].most.answered / counts[0];
  return [
    cell(`${subject}: answered a second, each replica ${Object.values(shares).map((share) => share * 100).reduce((a, b) => a + b, 0).toFixed(0)} % of a processor`, [
      { name: 'at most', points: of(({ most }) => most.answered) },
      { name: 'evenly', points: counts.map((count) => [count, even * count]), dashed: true, colour: '#566262' },
      { name: 'offered four times that', points: of(({ beyond }) => beyond.answered), colour: colour(1) },
    ], 'short', counts),
    cell(`${subject}: latency at 70 % of that`, [{ name: 'p50', points: of(({ below }) => below.p50_ms / 1000) }, { name: 'p99', points: of(({ below }) => below.p99_ms / 1000) }], 's', counts),
    cell(`${subject}: efficiency`, [
      { name: 'per replica', points: of(({ replicas, most }) => most.answered / even / replicas) },
      { name: 'per processor second', points: of(({ most }) => most.calls_a_cpu_second / points[0].most.calls_a_cpu_second) },
      { name: 'goodput / capacity', points: of(({ most, beyond }) => beyond.answered / most.answered), colour: colour(5) },
    ], 'short', counts, 1.5),
  ];
}

function rowsOf(subject, { points, change }) {
  const [one] = points;
  return points.map((point, at) => {
    const { replicas, most, below } = point;
    const last = replicas === 4 && change ? `${change.takes_load_s === null ? 'not in 15' : change.takes_load_s.toFixed(1)} s | ${change.dropped} of ${change.calls}` : ' | ';
    return `| ${at === 0 ? subject : ''} | ${replicas} | ${most.answered.toFixed(most.answered < 100 ? 1 : 0)} | ${efficiencyOf(points, point).toFixed(2)} | ${(most.calls_a_cpu_second / one.most.calls_a_cpu_second).toFixed(2)} | ${most.speed ? (most.speed / one.most.speed).toFixed(2) : ''} | ${below.p50_ms.toFixed(1)}, ${below.p99_ms.toFixed(1)} | ${(100 * goodputOf(point)).toFixed(0)} % | ${last} |\n`;
  });
}

function table() {
  const head = '| | replicas | answered/s | efficiency | per processor second | processor\'s speed | p50, p99 ms at 70 % | goodput at 4× | one more has its share after | dropped when it goes |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n';
  return head + Object.entries(results).flatMap(([subject, result]) => rowsOf(subject, result)).join('');
}

// When and of what each was measured, and what falls short of its goal.
function notes() {
  const all = Object.entries(results);
  const how = ({ measured }) => (measured ? `${measured.at.slice(0, 10)}, commit ${measured.revision}, ${measured.processors} processors` : 'an earlier state');
  const told = [...new Set(all.map(([, result]) => how(result)))].map((one) => {
    const of = all.filter(([, result]) => how(result) === one);
    const idle = Math.min(...of.map(([, { measured }]) => measured?.idle ?? NaN));
    return `${of.map(([subject]) => subject).join(', ')}: ${one}${Number.isFinite(idle) ? `, idle for ${(100 * idle).toFixed(0)} % or more before each began` : ''}`;
  });
  const short = all.flatMap(([subject, result]) => shortOf(subject, result).map((one) => `${subject}: ${one}`));
  return `\nMeasured: ${told.join('; ')}. ${short.length ? `Short of its goal: ${short.join('; ')}.` : 'Each reaches its goal.'}\n`;
}

const rows = Object.entries(results).map(([subject, result]) => rowOf(subject, result));
const cells = rows.flatMap((row, y) => row.map((one, x) => `<g transform="translate(${x * CELL_WIDTH} ${y * CELL_HEIGHT + 4})">${one}</g>`));
const [width, height] = [3 * CELL_WIDTH, rows.length * CELL_HEIGHT + 8];
fs.writeFileSync(path.join(ROOT, 'docs/pictures/scaling.svg'), `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11" fill="#566262"><rect width="100%" height="100%" fill="#fff"/>${cells.join('\n')}</svg>\n`);
const document = path.join(ROOT, 'docs/scaling.md');
if (fs.existsSync(document)) {
  const text = fs.readFileSync(document, 'utf8');
  fs.writeFileSync(document, text.replace(/<!-- table -->[\s\S]*<!-- end of table -->/, () => `<!-- table -->\n${table()}${notes()}<!-- end of table -->`));
} else console.log(table() + notes());

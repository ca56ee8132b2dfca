// Pages with plots in SVG, in the console's style: a dashboard's panels, a trace, curves.
'use strict';

const COLOURS = ['#0b6e6e', '#c2571a', '#2f7f9e', '#8a4fa3', '#6b8e23', '#b3261e', '#946b00', '#3f5bd6', '#5a6b6b', '#d16d9e', '#1d8348', '#7f4f24'];
const colour = (index) => COLOURS[index % COLOURS.length];
const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

const STYLE = `body { margin: 0; padding: 16px; font: 14px/1.4 system-ui, sans-serif; background: #fbfbf9; color: #1c2323; width: 1248px; }
h1 { font-size: 20px; color: #0b6e6e; margin: 0; } .quiet { color: #566262; } p { margin: 4px 0 12px; }
h2 { font-size: 15px; margin: 14px 0 6px; border-bottom: 1px solid #d5dbd9; }
.row { display: flex; gap: 8px; margin-bottom: 8px; } figure { margin: 0; background: #fff; border: 1px solid #d5dbd9; border-radius: 6px; padding: 6px 8px; box-sizing: border-box; overflow: hidden; }
figcaption { font-size: 13px; font-weight: 600; } .stat { font-size: 26px; color: #0b6e6e; }
svg { display: block; } svg text { font: 11px system-ui, sans-serif; fill: #566262; } .legend { font-size: 11px; line-height: 1.35; } .legend b { font-weight: 400; white-space: nowrap; margin-right: 8px; }`;

const page = (title, about, body) => `<!doctype html><meta charset="utf-8"><title>${escape(title)}</title><style>${STYLE}</style><h1>${escape(title)}</h1><p class="quiet">${escape(about)}</p>${body}`;

// 1.2 k, 35 ms, 12 %.
function short(value, unit) {
  if (unit === 'percentunit') return `${+(value * 100).toPrecision(2)} %`;
  if (unit === 's') return value >= 1 ? `${+value.toPrecision(2)} s` : value >= 0.001 || value === 0 ? `${+(value * 1000).toPrecision(2)} ms` : `${+(value * 1e6).toPrecision(2)} µs`;
  const scale = unit === 'bytes' ? [[1e9, ' GB'], [1e6, ' MB'], [1e3, ' kB']] : [[1e6, ' M'], [1e4, 'e3 k']];
  for (const [size, name] of scale) if (Math.abs(value) >= size) return name.startsWith('e3') ? `${+(value / 1e3).toPrecision(3)} k` : `${+(value / size).toPrecision(3)}${name}`;
  return String(+value.toPrecision(3));
}

function niceTop(most) {
  if (!(most > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 2.5, 5, 10].map((step) => step * size).find((top) => top >= most);
}

// series: [{ name, points: [[x, y]…], dashed? }]; xs: what to write below, [[x, text]…].
function plot({ width, height, series, unit, xs, top }) {
  const [left, bottom] = [52, 18];
  const points = series.flatMap((one) => one.points);
  const [first, last] = [Math.min(...xs.map(([x]) => x), ...points.map(([x]) => x)), Math.max(...xs.map(([x]) => x), ...points.map(([x]) => x))];
  const most = top ?? niceTop(Math.max(0, ...points.map(([, y]) => y)));
  const x = (value) => left + (width - left - 8) * (last === first ? 0.5 : (value - first) / (last - first));
  const y = (value) => 6 + (height - bottom - 6) * (1 - Math.min(value, most) / most);
  const grid = [0, 0.5, 1].map((part) => `<line x1="${left}" x2="${width - 8}" y1="${y(most * part)}" y2="${y(most * part)}" stroke="#d5dbd9"/><text x="${left - 5}" y="${y(most * part) + 4}" text-anchor="end">${escape(short(most * part, unit))}</text>`);
  const anchor = (at) => (x(at) > width - 30 ? 'end' : 'middle');
  const below = xs.map(([at, text]) => `<text x="${x(at)}" y="${height - 4}" text-anchor="${anchor(at)}">${escape(text)}</text>`);
  const lines = series.map((one, index) => `<polyline fill="none" stroke="${one.colour ?? colour(index)}" stroke-width="${one.dashed ? 1 : 1.8}" ${one.dashed ? 'stroke-dasharray="4 3"' : ''} points="${one.points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(' ')}"/>`
    + (one.points.length < 12 && !one.dashed ? one.points.map(([a, b]) => `<circle cx="${x(a).toFixed(1)}" cy="${y(b).toFixed(1)}" r="3" fill="${one.colour ?? colour(index)}"/>`).join('') : ''));
  return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${grid.join('')}${below.join('')}${lines.join('')}</svg>`;
}

const legend = (series) => `<div class="legend">${series.map((one, index) => `<b><span style="color:${one.colour ?? colour(index)}">${one.dashed ? '┄' : '━'}</span> ${escape(one.name)}</b>`).join(' ')}</div>`;

// spans: [{ service, name, start, end, depth }] in ms.
function waterfall(spans, services) {
  const [width, row, left] = [1216, 22, 330];
  const last = Math.max(...spans.map((span) => span.end));
  const x = (ms) => left + (width - left - 70) * ms / last;
  const ticks = Array.from({ length: 6 }, (_, i) => last * i / 5);
  const lines = ticks.map((ms) => `<line x1="${x(ms)}" x2="${x(ms)}" y1="16" y2="${20 + row * spans.length}" stroke="#d5dbd9"/><text x="${x(ms)}" y="11" text-anchor="middle">${ms.toFixed(1)} ms</text>`);
  const bars = spans.map((span, at) => {
    const y = 20 + row * at;
    const fill = colour(services.indexOf(span.service));
    return `<text x="${8 + 14 * span.depth}" y="${y + 15}" style="fill:#1c2323;font-size:12px"><tspan style="fill:${fill};font-weight:600">${escape(span.service)}</tspan> ${escape(span.name)}</text>`
      + `<rect x="${x(span.start)}" y="${y + 4}" width="${Math.max(1.5, x(span.end) - x(span.start))}" height="${row - 8}" rx="2" fill="${fill}"/>`
      + `<text x="${x(span.end) + 5}" y="${y + 15}">${(span.end - span.start).toFixed(2)} ms</text>`;
  });
  return `<figure><svg width="${width}" height="${30 + row * spans.length}">${lines.join('')}${bars.join('')}</svg></figure>`;
}

module.exports = { colour, escape, legend, page, plot, short, waterfall };

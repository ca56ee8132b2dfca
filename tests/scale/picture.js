// Pictures of a real run for the documents: the dashboard's panels with what Prometheus answers to their own queries while a fleet is under load, and one question's
// trace. Grafana itself does the same with deploy/kustomize/components/monitoring/dashboard.json. node tests/scale/picture.js [--seconds=150]
'use strict';
const { execFileSync, spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const names = require('./names');
const { Fleet, ROOT, SERVICES, pause } = require('./fleet');
const { Collector } = require('../mesh/collector');
const { legend, page, plot, short, waterfall, escape } = require('./picture_page');

const MONITORING = path.join(ROOT, 'deploy/kustomize/components/monitoring');
const PICTURES = process.env.PICTURES || path.join(ROOT, 'docs/pictures');
const NAMESPACE = 'consilium';
const COLUMN = 1216 / 24;
const STEP_S = 2;

function writeConfiguration(fleet) {
  const yaml = require('../deploy/node_modules/yaml');
  const { groups } = yaml.parse(fs.readFileSync(path.join(MONITORING, 'rules.yaml'), 'utf8')).spec;
  for (const group of groups) group.interval = '2s';
  fs.writeFileSync(fleet.file('rules.yml'), yaml.stringify({ groups }));
  fs.writeFileSync(fleet.file('prometheus.yml'), yaml.stringify({
    global: { scrape_interval: `${STEP_S}s`, evaluation_interval: '2s' },
    rule_files: [fleet.file('rules.yml')],
    scrape_configs: SERVICES.map((service) => ({
      job_name: service,
      static_configs: fleet.of(service).map((replica) => ({ targets: [replica.admin], labels: { namespace: NAMESPACE, pod: replica.name } })),
    })),
  }));
}

async function startPrometheus(fleet) {
  const address = `${fleet.redisHost}:9090`;
  const child = spawn('prometheus', ['--enable-feature=exemplar-storage', `--config.file=${fleet.file('prometheus.yml')}`, `--storage.tsdb.path=${fleet.file('prometheus')}`, `--web.listen-address=${address}`], { stdio: 'ignore' });
  for (let tries = 0; tries < 200; tries++) {
    if (await fetch(`http://${address}/-/ready`).then(({ ok }) => ok, () => false)) return { child, address };
    await pause(100);
  }
  throw new Error('Prometheus is not ready');
}

async function query(address, expression, from, to) {
  const words = new URLSearchParams({ query: expression.replaceAll('$namespace', '.*').replaceAll('$__rate_interval', '15s'), start: from, end: to, step: STEP_S });
  const { status, data, error } = await (await fetch(`http://${address}/api/v1/query_range?${words}`)).json();
  if (status !== 'success') throw new Error(`${expression}: ${error}`);
  return data.result;
}

const legendOf = (format, metric) => (format ? format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '') : Object.values(metric).join(' ')) || 'value';

async function drawPanel(address, panel, from, to) {
  const unit = panel.fieldConfig?.defaults?.unit;
  const width = Math.floor(panel.gridPos.w * COLUMN - 8);
  const series = [];
  for (const target of panel.targets ?? [])
    for (const { metric, values } of await query(address, target.expr, from, to)) {
      const points = values.map(([at, value]) => [at - from, Number(value)]).filter(([, value]) => Number.isFinite(value));
      if (points.length) series.push({ name: legendOf(target.legendFormat, metric), points });
    }
  series.sort((a, b) => Math.max(...b.points.map(([, y]) => y)) - Math.max(...a.points.map(([, y]) => y)));
  const caption = `<figcaption>${escape(panel.title)}</figcaption>`;
  if (panel.type === 'stat') {
    const last = series[0]?.points.at(-1)?.[1];
    return `<figure style="width:${width}px">${caption}<div class="stat">${last === undefined ? '–' : escape(short(last, unit))}</div></figure>`;
  }
  const shown = series.slice(0, 8);
  const xs = [0, 0.5, 1].map((part) => [(to - from) * part, `${Math.round((to - from) * part)} s`]);
  return `<figure style="width:${width}px">${caption}${plot({ width: width - 20, height: 150, series: shown, unit, xs })}${legend(shown)}</figure>`;
}

async function drawDashboard(address, from, to, about) {
  const { title, panels } = JSON.parse(fs.readFileSync(path.join(MONITORING, 'dashboard.json'), 'utf8'));
  let body = '';
  let line = null;
  for (const panel of panels) {
    if (panel.type === 'row') {
      body += `${line === null ? '' : '</div>'}<h2>${escape(panel.title)}</h2>`;
      line = null;
      continue;
    }
    if (line !== panel.gridPos.y) body += `${line === null ? '' : '</div>'}<div class="row">`;
    line = panel.gridPos.y;
    body += await drawPanel(address, panel, from, to);
  }
  return page(title, about, `${body}</div>`);
}

// Parents before their children, in the order in which they began.
function ordered(spans) {
  const begin = spans.reduce((least, span) => (span.start < least ? span.start : least), spans[0].start);
  const ms = (at) => Number(at - begin) / 1e6;
  const ids = new Set(spans.map((span) => span.id));
  const under = (parent, depth) => spans.filter((span) => (parent === null ? !ids.has(span.parent) : span.parent === parent)).sort((a, b) => Number(a.start - b.start))
    .flatMap((span) => [{ ...span, start: ms(span.start), end: ms(span.end), depth }, ...under(span.id, depth + 1)]);
  return under(null, 0);
}

async function drawTrace(fleet, collector) {
  const trace = crypto.randomBytes(16).toString('hex');
  await fleet.ask('trace-patient', 'What was the last hemoglobin A1c?', `00-${trace}-${crypto.randomBytes(8).toString('hex')}-01`);
  const spans = await collector.trace(trace, (found) => ['generate', 'Deid.Restore', 'Gateway.Ask'].every((name) => found.some((span) => span.name.endsWith(name))));
  await pause(3000); // the batches of the rest
  const all = ordered(collector.spans.filter((span) => span.trace === trace));
  return { page: page(`One question, ${all.length} spans of ${new Set(spans.map((span) => span.service)).size} services`, 'Gateway.Ask, as the services sent it over OTLP/gRPC: calls, and the steps of the engine within Inference.Generate', waterfall(all, SERVICES)), count: all.length };
}

function shoot(fleet, name, html, height) {
  const file = fleet.file(`${name}.html`);
  fs.writeFileSync(file, html);
  execFileSync('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--window-size=1280,${height}`, `--screenshot=${path.join(PICTURES, `${name}.png`)}`, `file://${file}`], { stdio: 'ignore', env: { ...process.env, HOME: fleet.folder } });
  console.log(path.join(PICTURES, `${name}.png`));
}

async function main() {
  const seconds = Number(/^--seconds=(\d+)$/.exec(process.argv[2] ?? '--seconds=150')?.[1]);
  const collector = new Collector();
  const port = await collector.start();
  const fleet = await Fleet.open({ counts: Object.fromEntries(SERVICES.map((service) => [service, 2])), flags: Object.fromEntries(SERVICES.map((service) => [service, [`--trace-target=127.0.0.1:${port}`]])) });
  let prometheus;
  try {
    writeConfiguration(fleet);
    prometheus = await startPrometheus(fleet);
    await fleet.put('trace-patient', fs.readFileSync(path.join(ROOT, 'tools/consilium/sample/sample-patient.json')));
    const trace = await drawTrace(fleet, collector);
    const from = Date.now() / 1000;
    const step = Math.floor(seconds / 3);
    const { report } = await fleet.load(['--mix=ask=4,timeline=4,put=1', '--rate=4,10,6', `--time=${step}s`, '--warmup=0s', '--patients=8', '--resources=200', '--tokens=24', '--attempts=3']);
    const to = Date.now() / 1000;
    const calls = report.steps.flatMap((one) => one.kinds).reduce((sum, kind) => sum + kind.begun, 0);
    const dashboard = await drawDashboard(prometheus.address, from, to, `Two replicas of each service, ${calls} calls of consilium-load in ${Math.round(to - from)} s at 4, 10 and 6 a second; the panels' own queries, answered by Prometheus`);
    const { data: exemplars } = await (await fetch(`http://${prometheus.address}/api/v1/query_exemplars?${new URLSearchParams({ query: 'rpc_server_seconds_bucket', start: from, end: to })}`)).json();
    console.log(`${exemplars.reduce((sum, one) => sum + one.exemplars.length, 0)} exemplars of ${exemplars.length} series`);
    shoot(fleet, 'trace', trace.page, 110 + 22 * trace.count);
    shoot(fleet, 'dashboard', dashboard, 1560);
  } finally {
    prometheus?.child.kill('SIGKILL');
    collector.server.forceShutdown();
    await fleet.close();
  }
}

names.enter();
main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });

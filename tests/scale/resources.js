// What one replica of each service takes, which requests and limits in deploy/ come from: processor time and memory under an ordinary load, and the most memory
// under a hard one. Writes docs/resources.json and the table of docs/deploy.md. node tests/scale/resources.js [--time=20]
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const names = require('./names');
const { Fleet, ROOT, SERVICES } = require('./fleet');

const RESULTS = path.join(ROOT, 'docs/resources.json');
const DOCUMENT = path.join(ROOT, 'docs/deploy.md');
// The busiest minute of a thousand clinicians (docs/scaling.md), all of it at one replica.
const ORDINARY = ['--mix=ask=5,timeline=4,put=1', '--rate=10', '--patients=20', '--resources=300', '--tokens=24'];
const HARD = ['--mix=ask=2,put=1', '--clients=4', '--patients=16', '--resources=10000', '--tokens=24'];
// As in deploy/kustomize/base.
const FLAGS = { context: ['--cache-bytes=256M'], inference: ['--threads=2'] };
const TICKS_A_SECOND = 100; // of /proc, whatever the kernel's are

function parts(fleet) {
  const pids = Object.fromEntries(fleet.replicas.map(({ service, child }) => [service, child.pid]));
  return { ...pids, redis: fleet.redis.pid };
}

const megabytes = (pid, field) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

function cpuSeconds(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

// Of each part: processors in use, and the most memory until then.
async function under(fleet, words, seconds) {
  const pids = parts(fleet);
  const before = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)]));
  const began = Date.now();
  const { report } = await fleet.load([...words, `--time=${seconds}s`, '--warmup=0s', '--deadline=60s']);
  const wall = (Date.now() - began) / 1000;
  const { kinds } = report.steps[0];
  console.log(kinds.map(({ kind, begun, by_status: ends }) => `${kind}: ${begun} begun, ${JSON.stringify(ends)}`).join('; '));
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, { cpu: (cpuSeconds(pid) - before[name]) / wall, mb: megabytes(pid, 'VmHWM') }]));
}

function table(results) {
  const { parse } = require('../deploy/node_modules/yaml');
  const given = (name) => {
    const file = path.join(ROOT, 'deploy/kustomize', name === 'redis' ? 'components/redis/redis.yaml' : `base/${name}.yaml`);
    const documents = fs.readFileSync(file, 'utf8').split(/^---$/m).map((text) => parse(text));
    return documents.find(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind)).spec.template.spec.containers[0].resources;
  };
  const rows = Object.entries(results).map(([name, { idle, ordinary, hard }]) => {
    const { requests, limits } = given(name);
    return `| ${name} | ${idle.mb.toFixed(0)} | ${ordinary.cpu.toFixed(2)}, ${ordinary.mb.toFixed(0)} | ${hard.cpu.toFixed(2)}, ${hard.mb.toFixed(0)} | ${requests.cpu}, ${requests.memory} | ${limits.cpu}, ${limits.memory} |\n`;
  });
  return `| | idle: MiB | ordinary: processors, MiB | hard: processors, MiB | requests | limits |\n|---|---:|---:|---:|---:|---:|\n${rows.join('')}`;
}

async function main() {
  const seconds = Number(/^--time=(\d+)$/.exec(process.argv[2] ?? '--time=20')?.[1]);
  if (!seconds) throw new Error(`${process.argv[2]}: --time=SECONDS`);
  const fleet = await Fleet.open({ counts: Object.fromEntries(SERVICES.map((service) => [service, 1])), flags: FLAGS });
  let results;
  try {
    const idle = Object.fromEntries(Object.entries(parts(fleet)).map(([name, pid]) => [name, { mb: megabytes(pid, 'VmRSS') }]));
    const [ordinary, hard] = [await under(fleet, ORDINARY, seconds), await under(fleet, HARD, seconds)];
    results = Object.fromEntries([...SERVICES, 'redis'].map((name) => [name, { idle: idle[name], ordinary: ordinary[name], hard: hard[name] }]));
  } finally {
    await fleet.close();
  }
  fs.writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
  const text = fs.readFileSync(DOCUMENT, 'utf8');
  fs.writeFileSync(DOCUMENT, text.replace(/<!-- resources -->[\s\S]*<!-- end of resources -->/, () => `<!-- resources -->\n${table(results)}<!-- end of resources -->`));
  console.log(table(results));
}

names.enter();
main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });

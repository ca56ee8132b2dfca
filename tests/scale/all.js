// Every curve of docs/scaling.md with one setting and unattended, then the picture and the table, and what of it reaches its goal: sudo node tests/scale/all.js
// [--counts=1,2,4,8] [--time=5] [--only=SUBJECT,…] [--out=docs/scaling.json]
//
// A subject whose run dies is run once more, and that is told; what it printed stands in build/scale/SUBJECT.log. Twenty-five minutes, on a quiet machine.
'use strict';
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '../..');
const LOGS = path.join(ROOT, 'build/scale');
const RUN_MS_MAX = 15 * 60 * 1000;
const LEAF_EFFICIENCY = 0.9;
const MESH_EFFICIENCY = 0.85;
const GOODPUT = 0.9;
const SHARE_S = 5;

function options() {
  const known = { counts: '1,2,4,8', time: '5', only: 'deid,context,tokenizer,inference,gateway,mesh', out: path.join(ROOT, 'docs/scaling.json') };
  for (const word of process.argv.slice(2)) {
    const [, name, value] = /^--(\w+)=(.+)$/.exec(word) ?? [];
    if (!(name in known)) throw new Error(`${word}: --counts=N,… --time=SECONDS --only=SUBJECT,… --out=FILE`);
    known[name] = value;
  }
  return { ...known, only: known.only.split(',') };
}

function curve(subject, { counts, time, out }) {
  const log = path.join(LOGS, `${subject}.log`);
  const fd = fs.openSync(log, 'a');
  const { status, signal } = spawnSync(process.execPath, [path.join(__dirname, 'curve.js'), subject, `--counts=${counts}`, `--time=${time}`, `--out=${out}`],
    { stdio: ['ignore', fd, fd], timeout: RUN_MS_MAX });
  fs.closeSync(fd);
  if (status === 0) return true;
  console.log(`${subject}: the run ended with ${signal ?? status}: ${fs.readFileSync(log, 'utf8').trim().split('\n').pop()}`);
  return false;
}

// What a subject's points fall short in.
function shortcomings(subject, { points, change }) {
  const [one] = points;
  const wanted = subject === 'mesh' ? MESH_EFFICIENCY : LEAF_EFFICIENCY;
  const found = points.flatMap(({ replicas, most, beyond }) => {
    const efficiency = most.answered / one.most.answered / (replicas / one.replicas);
    const goodput = beyond.answered / most.answered;
    return [...(efficiency < wanted ? [`efficiency ${efficiency.toFixed(2)} at ${replicas}`] : []), ...(goodput < GOODPUT ? [`goodput ${(100 * goodput).toFixed(0)} % at ${replicas}`] : [])];
  });
  if (change && !(change.takes_load_s <= SHARE_S)) found.push(`one more had its share after ${change.takes_load_s} s`);
  if (change?.dropped) found.push(`${change.dropped} calls dropped`);
  return found;
}

const chosen = options();
fs.mkdirSync(LOGS, { recursive: true });
let failed = 0;
for (const subject of chosen.only) {
  const began = Date.now();
  const isRun = curve(subject, chosen) || (console.log(`${subject}: once more`), curve(subject, chosen));
  const minutes = ((Date.now() - began) / 60000).toFixed(1);
  const short = isRun ? shortcomings(subject, JSON.parse(fs.readFileSync(chosen.out, 'utf8'))[subject]) : ['it was not measured'];
  console.log(`${short.length ? 'not ok' : 'ok'} - ${subject}, ${minutes} minutes${short.length ? `: ${short.join(', ')}` : ''}`);
  failed += short.length > 0;
}
if (path.resolve(chosen.out) === path.join(ROOT, 'docs/scaling.json')) spawnSync(process.execPath, [path.join(__dirname, 'draw.js')], { stdio: 'inherit' });
process.exit(failed ? 1 : 0);

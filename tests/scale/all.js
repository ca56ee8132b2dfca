// Every curve of docs/scaling.md with one setting and unattended, then the picture and the table, and what of it reaches its goal: sudo node tests/scale/all.js
// [--counts=1,2,4,8] [--time=5] [--only=SUBJECT,…] [--out=docs/scaling.json]
//
// A subject whose run dies is run once more, and that is told; what it printed stands in build/scale/SUBJECT.log. Half an hour, on a quiet machine;
// --counts=1,4 --time=3 --out=/tmp/scaling.json tries all of it in ten minutes.
'use strict';
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { BIN, ROOT, SERVICES } = require('./fleet');
const { shortOf } = require('./goals');

const LOGS = path.join(ROOT, 'build/scale');
const DRAWN = path.join(ROOT, 'docs/scaling.json');
const RUN_MS_MAX = 15 * 60 * 1000;

function options() {
  const known = { counts: '1,2,4,8', time: '5', only: 'deid,context,tokenizer,inference,gateway,mesh', out: DRAWN };
  for (const word of process.argv.slice(2)) {
    const [, name, value] = /^--(\w+)=(.+)$/.exec(word) ?? [];
    if (!(name in known)) throw new Error(`${word}: --counts=N,… --time=SECONDS --only=SUBJECT,… --out=FILE`);
    known[name] = value;
  }
  return { ...known, only: known.only.split(','), out: path.resolve(known.out) };
}

// A curve is a group of processes of its own, which ends as a whole.
let group = null;
const endGroup = () => { if (group !== null) process.kill(-group, 'SIGTERM'); };
process.on('exit', endGroup);
process.on('SIGHUP', () => process.exit(1));

function curve(subject, { counts, time, out }) {
  const log = path.join(LOGS, `${subject}.log`);
  const fd = fs.openSync(log, 'a');
  const child = spawn(process.execPath, [path.join(__dirname, 'curve.js'), subject, `--counts=${counts}`, `--time=${time}`, `--out=${out}`], { stdio: ['ignore', fd, fd], detached: true });
  fs.closeSync(fd);
  group = child.pid;
  const timer = setTimeout(endGroup, RUN_MS_MAX);
  return new Promise((resolve) => child.once('exit', (status, signal) => {
    clearTimeout(timer);
    group = null;
    if (status !== 0) console.log(`${subject}: the run ended with ${signal ?? status}: ${fs.readFileSync(log, 'utf8').trim().split('\n').pop()}`);
    resolve(status === 0);
  }));
}

async function main() {
  const chosen = options();
  const missing = [...SERVICES, 'consilium-load'].filter((name) => !fs.existsSync(path.join(BIN, name)));
  if (missing.length) throw new Error(`${BIN} has no ${missing.join(', ')}: cmake --preset release && ninja -C build/release`);
  if (process.getuid() !== 0) throw new Error('control groups take root: sudo node tests/scale/all.js');
  fs.mkdirSync(LOGS, { recursive: true });
  let failed = 0;
  for (const subject of chosen.only) {
    const began = Date.now();
    const isRun = await curve(subject, chosen) || (console.log(`${subject}: once more`), await curve(subject, chosen));
    const short = isRun ? shortOf(subject, JSON.parse(fs.readFileSync(chosen.out, 'utf8'))[subject]) : ['it was not measured'];
    console.log(`${short.length ? 'not ok' : 'ok'} - ${subject}, ${((Date.now() - began) / 60000).toFixed(1)} minutes${short.length ? `: ${short.join(', ')}` : ''}`);
    failed += short.length > 0;
    if (chosen.out === DRAWN) spawnSync(process.execPath, [path.join(__dirname, 'draw.js')], { stdio: 'inherit' });
  }
  return failed ? 1 : 0;
}

main().then((status) => process.exit(status), (error) => { console.error(error.message); process.exit(1); });

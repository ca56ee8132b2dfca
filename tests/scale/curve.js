// One service, or the whole mesh, as 1, 2, 4 and 8 replicas that have equal shares of a processor: what they answer at most, how fast below that, and at four
// times as much. All replicas run all the time, and so many are listed: numbers of replicas take turns, for the machine is not as fast now as in a minute. Then a replica is added and taken away under load. As root: sudo node tests/scale/curve.js SUBJECT [--counts=1,2,4,8] [--time=6] [--out=docs/scaling.json]
//
// The results of a subject replace those that the file has of it; node tests/scale/draw.js draws the curves, and tests/scale/all.js measures all subjects. A
// measurement whose load generator dies is made once more, and that is told.
'use strict';
const { execFileSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const names = require('./names');
const { efficiencyOf } = require('./goals');
const { Fleet, LEAVES, ROOT, pause } = require('./fleet');

const BELOW = 0.7;
const BEYOND = 4;
const WARM_S = 4; // until callers have learnt how much is too much

// share: of a processor, a replica; clients: of a replica, where one call at a time each finds out what is answered at most: enough that none has to wait for
// work, and few enough that none has to wait for long; deadline: beyond capacity; longer: so many times, where a replica answers a few dozen a second or less;
// runs: rounds that find out the most. A question to the mesh is dear for such shares: it is about short records. The tokenizer's share is small because one generator
// offers some thirty thousand calls a second at most.
const SUBJECTS = {
  deid: { mix: 'redact', shares: { deid: 0.08 }, clients: 24, deadline: '1s' },
  context: { mix: 'assemble', shares: { context: 0.08 }, clients: 24, deadline: '1s' },
  tokenizer: { mix: 'encode', shares: { tokenizer: 0.03 }, clients: 24, deadline: '1s' },
  inference: { mix: 'generate', shares: { inference: 0.1 }, clients: 8, deadline: '2s', longer: 2, flags: { inference: ['--threads=1'] } },
  gateway: { mix: 'timeline', shares: { gateway: 0.05 }, clients: 16, around: LEAVES, deadline: '1s', longer: 2 },
  mesh: { mix: 'ask', clients: 6, shares: { gateway: 0.03, deid: 0.02, context: 0.02, tokenizer: 0.02, inference: 0.06 }, deadline: '8s', flags: { inference: ['--threads=1'] }, words: ['--resources=40', '--tokens=4'], longer: 4, runs: 2 },
};

function options() {
  const known = { counts: '1,2,4,8', time: '6', out: path.join(ROOT, 'docs/scaling.json') };
  const [subject, ...words] = process.argv.slice(2);
  if (!(subject in SUBJECTS)) throw new Error(`a subject is one of ${Object.keys(SUBJECTS).join(', ')}`);
  for (const word of words) {
    const [, name, value] = /^--(\w+)=(.+)$/.exec(word) ?? [];
    if (!(name in known)) throw new Error(`${word}: --counts=N,… --time=SECONDS --out=FILE`);
    known[name] = value;
  }
  return { subject, counts: known.counts.split(',').map(Number), seconds: Number(known.time), file: path.resolve(known.out) };
}

// Processor seconds so far, by service.
function cpuSeconds(fleet) {
  const used = {};
  for (const { service, quota, isListed } of fleet.replicas) if (quota && isListed) used[service] = (used[service] ?? 0) + quota.seconds();
  return used;
}

// How fast a processor is just now, in any unit: others share what it is made of.
function speed() {
  const block = Buffer.alloc(1 << 20);
  const times = Array.from({ length: 8 }, () => {
    const began = process.hrtime.bigint();
    crypto.createHash('sha256').update(block).digest();
    return Number(process.hrtime.bigint() - began);
  });
  return 1e9 / Math.min(...times);
}

// What part of the processors is idle, before anything is begun.
async function idleShare() {
  const read = () => os.cpus().map(({ times }) => times);
  const before = read();
  await pause(2000);
  const passed = read().map((times, at) => Object.fromEntries(Object.entries(times).map(([kind, ms]) => [kind, ms - before[at][kind]])));
  return sum(passed.map(({ idle }) => idle)) / sum(passed.flatMap((times) => Object.values(times)));
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

async function measure(...words) {
  try {
    return await measureOnce(...words);
  } catch (error) {
    console.log(`made once more, because ${error.message.trim()}`);
    await pause(5000);
    return { ...await measureOnce(...words), isSecond: true };
  }
}

// What consilium-load found, and what processor time the replicas took for it.
async function measureOnce(fleet, { mix, seconds, warmS = 2, deadline = '20s', own = [] }, ...words) {
  const cpu = cpuSeconds(fleet);
  const speeds = [speed()];
  const began = process.hrtime.bigint();
  const { report } = await fleet.load([`--mix=${mix}`, `--time=${seconds}s`, `--warmup=${warmS}s`, `--deadline=${deadline}`, '--patients=8', ...(own.length ? own : ['--resources=120', '--tokens=8']), ...words]);
  const wall = Number(process.hrtime.bigint() - began) / 1e9;
  const used = Object.fromEntries(Object.entries(cpuSeconds(fleet)).map(([service, seconds]) => [service, seconds - cpu[service]]));
  speeds.push(speed());
  const [step] = report.steps;
  const [kind] = step.kinds;
  const good = sum(step.seconds.map((second) => second.good));
  return {
    offered: kind.begun / step.measured_s, answered: kind.answered / step.measured_s, p50_ms: kind.whole.p50_us / 1000, p99_ms: kind.whole.p99_us / 1000,
    by_status: kind.by_status, repeated: kind.repeated, speed: sum(speeds) / speeds.length, cpu: sum(Object.values(used)) / wall, calls_a_cpu_second: good / sum(Object.values(used)),
    cpu_ms_a_call: Object.fromEntries(Object.entries(used).map(([service, seconds]) => [service, 1000 * seconds / good])),
  };
}

// Of several runs the one in the middle (of two the latter): others have the machine's caches too.
function median(runs) {
  const results = [...runs].sort((a, b) => a.answered - b.answered);
  return { ...results[results.length >> 1], runs: results.map((one) => one.answered) };
}

// Who is called next finds @replicas of each service; the gateways have heard of it.
async function use(fleet, { shares, around }, replicas) {
  for (const service of Object.keys(shares)) fleet.listFirst(service, replicas);
  if (around || shares.gateway) await pause(2500);
}

// Points, one for each of @counts, by rounds up and down them.
async function atCounts(fleet, subject, counts, seconds) {
  const { mix, deadline, words: own, runs = 3 } = subject;
  const found = counts.map((replicas) => ({ replicas, runs: [] }));
  const inTurn = async (isDown, one) => {
    for (const point of isDown ? [...found].reverse() : found) {
      await use(fleet, subject, point.replicas);
      await one(point);
    }
  };
  const most = (round) => inTurn(round % 2, async (point) => point.runs.push(await measure(fleet, { mix, own, seconds: Math.max(seconds - 2, 1) }, `--clients=${subject.clients * point.replicas}`)));
  for (let round = 0; round < runs - 1; round++) await most(round);
  await inTurn(false, async (point) => {
    point.beyond = await measure(fleet, { mix, own, seconds: seconds + 2, warmS: WARM_S, deadline }, `--rate=${(median(point.runs).answered * BEYOND).toFixed(2)}`);
  });
  await most(runs - 1);
  await inTurn(false, async (point) => { point.below = await measure(fleet, { mix, own, seconds }, `--rate=${(median(point.runs).answered * BELOW).toFixed(2)}`); });
  return found.map(({ replicas, runs, below, beyond }) => ({ replicas, most: median(runs), below, beyond }));
}

function tell({ replicas, most, below, beyond }) {
  console.log(`${replicas}: at most ${most.answered.toFixed(1)}/s (${most.cpu.toFixed(3)} of a processor, ${most.calls_a_cpu_second.toFixed(0)} a second of it); at ${BELOW} of it p50 ${below.p50_ms} p99 ${below.p99_ms} ms; `
    + `at ${BEYOND} times ${beyond.answered.toFixed(1)}/s, ${(100 * beyond.answered / most.answered).toFixed(0)} %`);
}

// One more of each service under load, and away again: how soon the last of them has half of its share, and what that cost the callers.
async function addAndRemove(fleet, subject, replicas, most) {
  const services = Object.keys(subject.shares);
  const running = measure(fleet, { mix: subject.mix, own: subject.words, seconds: 20 }, `--rate=${(most * 0.5).toFixed(2)}`, '--attempts=3');
  await pause(4000);
  const added = await Promise.all(services.map((service) => fleet.add(service)));
  const taken = await Promise.all(added.map((replica) => takesLoad(fleet, replica, replicas)));
  await pause(1000);
  await Promise.all(added.map((replica) => fleet.remove(replica)));
  const { by_status: ends, repeated } = await running;
  const dropped = sum(Object.entries(ends).map(([status, count]) => (status === 'OK' ? 0 : count)));
  console.log(`one more: has its share after ${Math.max(...taken)} s; taken away again: ${dropped} calls dropped of ${ends.OK + dropped}, ${repeated} begun again`);
  const longest = Math.max(...taken);
  return { takes_load_s: Number.isFinite(longest) ? longest : null, dropped, repeated, calls: ends.OK + dropped };
}

// Seconds from its being listed until it answers at half the mean rate of its like.
async function takesLoad(fleet, replica, replicas) {
  const began = Date.now();
  const others = fleet.of(replica.service).filter((other) => other !== replica);
  const counts = async () => ({ own: await replica.answered(), others: sum(await Promise.all(others.map((other) => other.answered()))) });
  let before = await counts();
  for (;;) {
    await pause(500);
    const now = await counts();
    if (now.own > before.own && (now.own - before.own) * 2 * replicas >= now.others - before.others) return (Date.now() - began) / 1000;
    if (Date.now() - began > 15000) return Infinity;
    before = now;
  }
}

async function main() {
  const { subject, counts, seconds, file } = options();
  const chosen = SUBJECTS[subject];
  const around = Object.fromEntries((chosen.around ?? []).map((service) => [service, 1]));
  const measured = { at: new Date().toISOString(), revision: execFileSync('git', ['-C', ROOT, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(), processors: os.cpus().length, idle: await idleShare() };
  const all = Object.fromEntries(Object.keys(chosen.shares).map((service) => [service, Math.max(...counts)]));
  const fleet = await Fleet.open({ counts: { ...around, ...all }, shares: chosen.shares, flags: chosen.flags });
  let points;
  let change = null;
  try {
    points = await atCounts(fleet, chosen, counts, seconds * (chosen.longer ?? 1));
    points.forEach(tell);
    const four = points.find(({ replicas }) => replicas === 4);
    if (four) {
      await use(fleet, chosen, 4);
      change = await addAndRemove(fleet, chosen, 4, four.most.answered);
    }
  } finally {
    await fleet.close();
  }
  const results = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  results[subject] = { measured, mix: chosen.mix, shares: chosen.shares, seconds, points, change };
  fs.writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
  for (const point of points.slice(1)) console.log(`${points[0].replicas} → ${point.replicas}: efficiency ${efficiencyOf(points, point).toFixed(3)}; calls a second of processor time ${(point.most.calls_a_cpu_second / points[0].most.calls_a_cpu_second).toFixed(3)} of ${points[0].replicas}'s`);
}

names.enter();
main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });

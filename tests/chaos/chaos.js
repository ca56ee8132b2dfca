// Faults at random while questions are asked and records put and forgotten, and what must hold throughout: every call ends by its deadline, no record that was
// called durable is lost and none that was forgotten comes back, no identifier passes to tokenizer, inference or Redis or stands in a log, memory stays
// bounded, the audit log verifies, and between the faults and at the end the mesh serves. node tests/chaos/chaos.js [--minutes=10] [--callers=6] [--seed=N]
'use strict';
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, SAMPLE_QUESTION } = require('../mesh/mesh');
const { MARKS } = require('../mesh/marked');
const { FAULTS, LEAVES, fakeTimeLibrary, pause } = require('./faults');
const { Load } = require('./load');
const { Proxy } = require('./proxy');

const SERVICES = ['gateway', ...LEAVES];
const MEMORY_SLACK_KB = 192 * 1024;
const AUDIT_DISK = '128m';
const FAULT_MS = 1500;
// Of two faults or three that follow each other, with the reconnecting after them, on a machine that has other work too.
const SILENCE_MS = 30000;

// xorshift32: a seed gives the same faults in the same order.
function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13; state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5; state >>>= 0;
    return state / 2 ** 32;
  };
}

function memoryKb(mesh, service) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${mesh.pid(service)}/status`, 'utf8'))[1]);
  } catch {
    return 0; // it has just been killed
  }
}

// A disk of its own for the audit log, where this user may mount one.
function mountDisk(folder) {
  fs.mkdirSync(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${AUDIT_DISK},mode=700`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function open(options) {
  const mesh = await Mesh.create();
  const world = { mesh, random: randomFrom(options.seed), proxies: {}, leaks: new Set(), hasOwnDisk: mountDisk(path.join(mesh.folder, 'audit')), clockFile: null };
  const offsets = { deid: 1, context: 2, tokenizer: 3, inference: 4, redis: 9 };
  const marks = Object.entries(MARKS);
  for (const [name, offset] of Object.entries(offsets)) {
    const isClean = ['tokenizer', 'inference', 'redis'].includes(name);
    world.proxies[name] = await Proxy.open(name, mesh.first + offset, isClean ? (text) => {
      for (const [kind, mark] of marks) if (text.includes(mark)) world.leaks.add(`the ${kind} was sent to ${name}`);
    } : undefined);
  }
  mesh.env.MESH_FLAGS_gateway = LEAVES.map((name) => `--${name}=${world.proxies[name].address}`).join(' ');
  mesh.env.MESH_FLAGS_context = `--redis=${world.proxies.redis.address}`;
  const library = fakeTimeLibrary();
  if (library && !options.sanitized) {
    world.clockFile = path.join(mesh.folder, 'clock');
    fs.writeFileSync(world.clockFile, '+0\n');
    Object.assign(mesh.env, { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: world.clockFile, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_CACHE_DURATION: '1' });
  }
  await mesh.up();
  world.load = new Load(mesh, randomFrom(options.seed + 1));
  return world;
}

async function close(world) {
  for (const proxy of Object.values(world.proxies)) proxy.close();
  await world.mesh.run('down');
  if (world.hasOwnDisk) execFileSync('umount', ['-l', path.join(world.mesh.folder, 'audit')]);
  await world.mesh.down();
}

// Asked until it answers: after the last fault the mesh heals by itself.
async function heals(world, patient, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return Boolean((await world.mesh.ask(patient, SAMPLE_QUESTION, { seconds: 5 })).done);
    } catch {
      if (Date.now() > end) return false;
      await pause(200);
    }
  }
}

function logsHold(world) {
  const found = new Set();
  for (const name of fs.readdirSync(world.mesh.folder).filter((n) => n.endsWith('.log'))) {
    const text = fs.readFileSync(path.join(world.mesh.folder, name), 'utf8');
    for (const [kind, mark] of Object.entries(MARKS)) if (text.includes(mark)) found.add(`the ${kind} stands in ${name}`);
  }
  return [...found];
}

// Returns { checks: [[what, [troubles…]]…], outcomes, faults, memory }.
async function chaos(options) {
  const world = await open(options);
  const { mesh, load } = world;
  const faults = {};
  const memory = {};
  const grown = [];
  try {
    for (let tries = 0; load.promised.size < 4; tries++) {
      if (tries === 20) throw new Error(`no Put is durable before the first fault: ${JSON.stringify(load.outcomes)}`);
      await load.put();
    }
    load.start(options.callers);
    await pause(2000);
    for (const service of SERVICES) memory[service] = { first: memoryKb(mesh, service), most: 0 };
    const end = Date.now() + options.seconds * 1000;
    const possible = FAULTS.filter((fault) => fault.isPossible?.(world) ?? true);
    while (Date.now() < end) {
      const fault = possible[Math.floor(world.random() * possible.length)];
      await fault.run(world, FAULT_MS * (0.3 + world.random()));
      faults[fault.name] = (faults[fault.name] ?? 0) + 1;
      options.onFault?.(fault.name, load);
      await pause(500 + 1500 * world.random());
      for (const service of SERVICES) memory[service].most = Math.max(memory[service].most, memoryKb(mesh, service));
    }
    await load.stop();
    const isHealed = await heals(world, [...load.promised.keys()][0]);
    await mesh.healthy();
    const lost = await load.lost();
    for (const service of SERVICES) {
      const { first, most } = memory[service];
      if (most > first * 2 + MEMORY_SLACK_KB) grown.push(`${service}: ${first} kB at first, ${most} at most`);
    }
    mesh.signal('gateway', 'SIGTERM');
    await pause(1000);
    const audit = await mesh.exec(path.join(mesh.bin, 'consilium'), ['audit', 'verify', path.join(mesh.folder, 'audit')]);
    mesh.look();
    return {
      checks: [
        ['every call ends by its deadline, with a status that it may have', load.broken],
        ['no record that was called durable is lost, none that was forgotten is there', lost],
        ['no identifier is sent to tokenizer, inference or Redis', [...world.leaks]],
        ['no identifier stands in a log', logsHold(world)],
        ['memory is bounded', grown],
        ['the audit log verifies', audit.status === 0 ? [] : [audit.stdout + audit.stderr]],
        ['between faults the mesh serves again', load.silentMs > SILENCE_MS ? [`nobody was answered for ${load.silentMs} ms`] : []],
        ['the mesh serves again by itself', isHealed ? [] : ['it does not']],
        ['no sanitizer and no check of ours has found anything', Mesh.troubles.splice(0)],
      ],
      outcomes: load.outcomes, slowestMs: load.slowestMs, silentMs: load.silentMs, faults, memory, patients: load.promised.size,
      left: FAULTS.filter((fault) => !possible.includes(fault)).map((fault) => fault.name),
    };
  } finally {
    await close(world);
  }
}

function options() {
  const given = Object.fromEntries(process.argv.slice(2).map((word) => /^--(\w+)=(\d+(?:\.\d+)?)$/.exec(word)?.slice(1) ?? [word, NaN]));
  const known = { minutes: 10, callers: 6, seed: Date.now() % 2 ** 31 };
  for (const [name, value] of Object.entries(given)) {
    if (!(name in known) || Number.isNaN(value)) throw new Error(`${name}: --minutes=N --callers=N --seed=N`);
    known[name] = Number(value);
  }
  return { seconds: known.minutes * 60, callers: known.callers, seed: known.seed };
}

async function main() {
  const chosen = options();
  console.log(`seed ${chosen.seed}, ${chosen.callers} callers, ${chosen.seconds} s`);
  const isShown = process.stdout.isTTY;
  let silent = SILENCE_MS;
  const onFault = (name, load) => {
    if (isShown) process.stdout.write(`\r\x1b[K${name}; ${load.promised.size} patients`);
    if (load.silentMs <= silent) return;
    silent = load.silentMs;
    console.log(`${new Date().toISOString()} before or during "${name}" nobody was answered for ${silent} ms`);
  };
  const result = await chaos({ ...chosen, onFault });
  if (isShown) process.stdout.write('\r\x1b[K');
  console.log('faults:', Object.entries(result.faults).sort().map(([name, count]) => `${name} ${count}`).join(', '));
  if (result.left.length) console.log('not possible here:', result.left.join(', '));
  console.log('calls:', Object.entries(result.outcomes).sort().map(([name, count]) => `${name} ${count}`).join(', '), `; slowest ${result.slowestMs} ms; longest without an answer ${result.silentMs} ms`);
  console.log('memory, MB at first and at most:', Object.entries(result.memory).map(([name, { first, most }]) => `${name} ${first >> 10} ${most >> 10}`).join(', '));
  for (const [what, troubles] of result.checks) {
    console.log(`${troubles.length ? 'not ok' : 'ok'} - ${what}`);
    for (const trouble of troubles.slice(0, 20)) console.log(`    ${trouble}`);
  }
  process.exit(result.checks.some(([, troubles]) => troubles.length) ? 1 : 0);
}

module.exports = { chaos };
if (require.main === module) main().catch((error) => { console.error(error); process.exit(1); });

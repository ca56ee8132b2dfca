// A rolling restart of every service while calls arrive at a constant rate: two replicas of each, one after the other drained (SIGTERM) and started again.
// No call may fail. node tests/scale/rolling.js [--rate=10] [--notice=0] [--rounds=1] [--only=SERVICE]
//
// Calls are begun again as a gRPC client with a retry policy does it (consilium-load --attempts=3): how many were is told.
//
// --notice: milliseconds between a replica's leaving the list of its name and SIGTERM. Kubernetes gives five seconds (preStop); none is harder: SIGTERM comes
// while every caller still believes in the replica.
'use strict';
const names = require('./names');
const { Fleet, SERVICES, pause } = require('./fleet');

const MIX = 'ask=1,timeline=8,put=1';
const SETTLE_MS = 2500;

function options() {
  const known = { rate: 10, notice: 0, rounds: 1, replicas: 2, only: '' };
  for (const word of process.argv.slice(2)) {
    const [, name, value] = /^--(\w+)=(.+)$/.exec(word) ?? [];
    if (!(name in known)) throw new Error(`${word}: --rate=N --notice=MS --rounds=N --replicas=N --only=SERVICE`);
    known[name] = name === 'only' ? value : Number(value);
  }
  return known;
}

async function restartAll(fleet, { rounds, notice, only }) {
  let restarts = 0;
  for (let round = 0; round < rounds; round++)
    for (const service of SERVICES.filter((name) => !only || name === only))
      for (const replica of fleet.of(service)) {
        const began = Date.now();
        const ended = await fleet.restart(replica, notice);
        console.log(`${replica.name}: ended with ${ended}, serves again after ${Date.now() - began} ms`);
        if (ended !== 0) throw new Error(`${replica.name} did not end by itself`);
        restarts++;
        await pause(SETTLE_MS);
      }
  return restarts;
}

async function main() {
  const chosen = options();
  const fleet = await Fleet.open({ counts: Object.fromEntries(SERVICES.map((service) => [service, chosen.replicas])) });
  let failed = 0;
  try {
    let child;
    const loading = fleet.load([`--mix=${MIX}`, `--rate=${chosen.rate}`, '--time=1h', '--warmup=0s', '--deadline=30s', '--patients=8', '--resources=120', '--tokens=16', '--attempts=3'],
      (started) => { child = started; });
    await pause(5000);
    const restarts = await restartAll(fleet, chosen).finally(() => child.kill('SIGINT'));
    const { report, stderr } = await loading;
    const [step] = report.steps;
    console.log(`${restarts} restarts in ${step.measured_s.toFixed(0)} s under ${chosen.rate} calls a second`);
    for (const kind of step.kinds) {
      const bad = kind.begun - (kind.by_status.OK ?? 0);
      failed += bad;
      console.log(`${kind.kind}: ${kind.begun} begun, ${JSON.stringify(kind.by_status)}, ${kind.repeated} begun again; median ${(kind.whole.p50_us / 1000).toFixed(1)} ms, p99 ${(kind.whole.p99_us / 1000).toFixed(1)} ms, longest ${(kind.whole.max_us / 1000).toFixed(0)} ms`);
    }
    if (stderr) console.log(stderr.trim());
    console.log(failed ? `not ok - ${failed} calls failed` : 'ok - no call failed');
  } finally {
    await fleet.close();
  }
  process.exit(failed ? 1 : 0);
}

names.enter();
main().catch((error) => { console.error(error); process.exit(1); });

// consilium-load against a mesh: what it says it did is what the services saw, and a service that stands still is not overlooked.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh } = require('./mesh');

const load = (world, ...words) => world.mesh.exec(path.join(world.mesh.bin, 'consilium-load'), [
  ...world.mesh.targets, '--warmup=0s', '--patients=2', '--resources=60', ...words]);
const sum = (values) => values.reduce((a, b) => a + b, 0);

async function counted(mesh, service, method) {
  const text = await (await fetch(`${mesh.admin(service)}/metrics`)).text();
  return sum([...text.matchAll(new RegExp(`^rpc_server_calls_total\\{method="${method}",status="\\w+"\\} (\\d+)$`, 'gm'))].map((match) => Number(match[1])));
}

exports.before = async (world) => {
  world.mesh = await Mesh.create();
  await world.mesh.up();
};
exports.after = async (world) => world.mesh.down();

exports.tests = {
  async 'an open loop begins as many calls of each kind as the services count, and reports them'(world) {
    const methods = { ask: ['gateway', 'Gateway.Ask'], timeline: ['gateway', 'Gateway.GetTimeline'], put: ['gateway', 'Gateway.PutRecord'],
      redact: ['deid', 'Deid.Redact'], count: ['tokenizer', 'Tokenizer.Count'] };
    const before = {};
    for (const [kind, [service, method]] of Object.entries(methods)) before[kind] = await counted(world.mesh, service, method);
    const json = path.join(world.mesh.folder, 'load.json');
    const html = path.join(world.mesh.folder, 'load.html');
    const { status, stdout, stderr } = await load(world, '--mix=ask=2,timeline=2,put=1,redact=4,count=4', '--rate=20', '--time=4s', '--tokens=64',
      `--json=${json}`, `--html=${html}`);
    assert.strictEqual(status, 0, stdout + stderr);
    const [step] = JSON.parse(fs.readFileSync(json, 'utf8')).steps;
    const kinds = Object.fromEntries(step.kinds.map((one) => [one.kind, one]));
    for (const [kind, [service, method]] of Object.entries(methods)) {
      const { begun, by_status: statuses, whole } = kinds[kind];
      assert.ok(begun > 0, kind);
      assert.deepStrictEqual(statuses, { OK: begun });
      assert.strictEqual(whole.count, begun);
      assert.strictEqual(sum(whole.buckets.map(([, calls]) => calls)), begun);
      // deid, too, is called by the gateway; two puts come before.
      const seen = await counted(world.mesh, service, method) - before[kind] - (kind === 'put' ? 2 : 0);
      if (kind === 'redact' || kind === 'count') assert.ok(seen >= begun, kind);
      else assert.strictEqual(seen, begun, kind);
    }
    assert.ok(kinds.ask.first.count > 0);
    const page = fs.readFileSync(html, 'utf8');
    assert.match(page, /<svg [\s\S]*<polyline/);
    assert.doesNotMatch(page, /(src|href)=|NaN|inf/);
  },

  async 'a service that stands still is seen by every call that was due meanwhile'(world) {
    const json = path.join(world.mesh.folder, 'still.json');
    const running = load(world, '--mix=count', '--rate=100', '--time=6s', `--json=${json}`, '--quiet');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    world.mesh.signal('tokenizer', 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    world.mesh.signal('tokenizer', 'SIGCONT');
    assert.strictEqual((await running).status, 0);
    const [{ kinds: [{ begun, whole }] }] = JSON.parse(fs.readFileSync(json, 'utf8')).steps;
    // 100 a second were due in two seconds: half of those waited for one at least. A closed loop of one client would have seen one.
    const waited = sum(whole.buckets.filter(([us]) => us > 1e6).map(([, calls]) => calls));
    assert.ok(waited > 50, `${waited} of ${begun}`);
  },

  async 'a closed loop has no more calls out than clients, and steps are told one by one'(world) {
    const { status, stdout, stderr } = await load(world, '--mix=encode', '--clients=1,3', '--time=1s', '--json=-', '--quiet');
    assert.strictEqual(status, 0, stderr);
    const { steps } = JSON.parse(stdout);
    assert.deepStrictEqual(steps.map((step) => step.clients), [1, 3]);
    for (const step of steps) {
      assert.ok(step.kinds[0].whole.count > 0);
      assert.ok(step.seconds.every((second) => second.in_flight <= step.clients));
    }
  },

  async 'each service alone can be driven'(world) {
    for (const kind of ['redact-fhir', 'assemble', 'recall', 'generate']) {
      const { status, stdout, stderr } = await load(world, `--mix=${kind}`, '--clients=1', '--time=500ms', '--tokens=2', '--json=-', '--quiet');
      assert.strictEqual(status, 0, `${kind}: ${stderr}`);
      assert.ok(JSON.parse(stdout).steps[0].kinds[0].by_status.OK > 0, kind);
    }
  },

  async 'calls that fail are told by their status, and the exit says so'(world) {
    const { status, stdout, stderr } = await load(world, '--tokenizer=127.0.0.1:1', '--mix=count', '--rate=10', '--time=1s', '--deadline=2s', '--json=-', '--quiet');
    assert.strictEqual(status, 1);
    assert.match(stderr, /calls failed, the last with UNAVAILABLE/);
    const [{ kinds: [{ begun, by_status: statuses }] }] = JSON.parse(stdout).steps;
    assert.strictEqual(sum(Object.values(statuses)), begun);
    assert.strictEqual(statuses.OK, undefined);
  },

  async './mesh top tells what each service did'(world) {
    const [top] = await Promise.all([world.mesh.run('top', '--once'), load(world, '--mix=redact,count', '--rate=50', '--time=6s', '--quiet')]);
    assert.strictEqual(top.status, 0, top.stderr);
    for (const name of ['gateway', 'deid', 'context', 'tokenizer', 'inference']) assert.match(top.stdout, new RegExp(`^${name} +[0-9.]+ +0\\.0 `, 'm'), top.stdout);
    for (const name of ['deid', 'tokenizer']) assert.ok(Number(new RegExp(`^${name} +([0-9.]+)`, 'm').exec(top.stdout)[1]) > 0, top.stdout);
    assert.match(top.stdout, /Redis answers/);
  },

  async 'wrong flags are refused with a sentence'(world) {
    for (const words of [['--rate=1', '--clients=1'], [], ['--rate=1', '--mix=asks'], ['--rate=0'], ['--clients=x']]) {
      const { status, stderr } = await load(world, ...words);
      assert.strictEqual(status, 2, words.join(' '));
      assert.match(stderr, /^consilium-load: .+\n$/);
    }
  },
};

// Services die, freeze and come back while questions are asked. Every call ends by its deadline, no acknowledged record is lost, the mesh heals by itself.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { Mesh, sample, SAMPLE_QUESTION, grpc } = require('./mesh');

const LEAVES = ['deid', 'context', 'tokenizer', 'inference'];
const DEADLINE_S = 5;
const GRACE_MS = 1500; // of this machine, not of the mesh

// Ask @count times at once; @disturb runs once, when the first has started. Each outcome: { code, ms }.
async function askThrough(mesh, count, disturb) {
  let disturbed;
  const disturbOnce = () => (disturbed ??= Promise.resolve().then(disturb));
  const asks = Array.from({ length: count }, async () => {
    const began = Date.now();
    const onEvent = (event) => { if (event.event === 'started') disturbOnce(); };
    try {
      await mesh.ask('p1', SAMPLE_QUESTION, { seconds: DEADLINE_S, onEvent });
      return { code: 0, ms: Date.now() - began };
    } catch (error) {
      return { code: error.code, ms: Date.now() - began };
    }
  });
  const outcomes = await Promise.all(asks);
  await disturbOnce();
  return outcomes;
}

function assertEnded(outcomes) {
  const allowed = [grpc.status.OK, grpc.status.UNAVAILABLE, grpc.status.DEADLINE_EXCEEDED, grpc.status.CANCELLED, grpc.status.INTERNAL];
  for (const { code, ms } of outcomes) {
    assert.ok(allowed.includes(code), `status ${code}`);
    assert.ok(ms < DEADLINE_S * 1000 + GRACE_MS, `it took ${ms} ms`);
  }
}

// Ask until it is answered again.
async function assertHeals(mesh, seconds = 15) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await mesh.ask('p1', SAMPLE_QUESTION, { seconds: 5 });
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

const tests = {};

for (const service of LEAVES) {
  tests[`kill -9 ${service} during questions: each ends by its deadline, and with ${service} back the mesh heals`] = async ({ mesh }) => {
    const outcomes = await askThrough(mesh, 6, () => mesh.signal(service, 'SIGKILL'));
    await mesh.start(service);
    assertEnded(outcomes);
    await assertHeals(mesh);
  };
  tests[`${service} is frozen during questions: each ends by its deadline, and thawed it serves again`] = async ({ mesh }) => {
    const first = await askThrough(mesh, 6, () => mesh.signal(service, 'SIGSTOP'));
    const second = await askThrough(mesh, 2, () => {});
    mesh.signal(service, 'SIGCONT');
    assertEnded(first);
    assertEnded(second);
    assert.ok(second.every(({ code }) => code !== grpc.status.OK), 'a frozen service does not answer');
    await assertHeals(mesh);
  };
}

Object.assign(tests, {
  async 'kill -9 gateway during questions: callers see UNAVAILABLE at once, and with it back they are answered'({ mesh }) {
    const outcomes = await askThrough(mesh, 6, () => mesh.signal('gateway', 'SIGKILL'));
    await mesh.start('gateway');
    assertEnded(outcomes);
    await assertHeals(mesh);
  },

  async 'Redis away: warm questions are answered, a record is taken but not called durable, health says so'({ mesh }) {
    await assertHeals(mesh);
    mesh.signal('redis', 'SIGKILL');
    await mesh.ask('p1', SAMPLE_QUESTION);
    const reply = await mesh.put('p-memory', sample());
    assert.equal(reply.durable, false);
    await mesh.ask('p-memory', SAMPLE_QUESTION);
    const status = JSON.parse((await mesh.consilium('status', '--json')).stdout);
    assert.equal(status.services.find((s) => s.name === 'redis').state, 'NOT_SERVING');
    assert.equal(status.services.find((s) => s.name === 'context').state, 'SERVING');
  },

  async 'Redis back: what was held in memory is written, and survives kill -9 of context'({ mesh }) {
    await mesh.start('redis');
    const end = Date.now() + 15000;
    let state;
    do {
      const status = JSON.parse((await mesh.consilium('status', '--json')).stdout);
      state = status.services.find((s) => s.name === 'redis').state;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } while (state !== 'SERVING' && Date.now() < end);
    assert.equal(state, 'SERVING');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    mesh.signal('context', 'SIGKILL');
    await mesh.start('context');
    await mesh.healthy();
    await assertHeals(mesh);
    await mesh.ask('p-memory', SAMPLE_QUESTION);
  },

  async 'kill -9 context and Redis right after a durable put: the record is there'({ mesh }) {
    const reply = await mesh.put('p-durable', sample());
    assert.equal(reply.durable, true);
    mesh.signal('context', 'SIGKILL');
    mesh.signal('redis', 'SIGKILL');
    await mesh.start('redis');
    await mesh.start('context');
    await mesh.healthy();
    await assertHeals(mesh);
    await mesh.ask('p-durable', SAMPLE_QUESTION);
  },

  async 'Redis frozen: a question still ends by its deadline'({ mesh }) {
    mesh.signal('redis', 'SIGSTOP');
    const outcomes = await askThrough(mesh, 3, () => {});
    mesh.signal('redis', 'SIGCONT');
    assertEnded(outcomes);
    await assertHeals(mesh);
  },

  async 'two bundles of one patient at once: none is lost'({ mesh }) {
    const bundle = JSON.parse(sample());
    const patient = bundle.entry.find((e) => e.resource.resourceType === 'Patient');
    const rest = bundle.entry.filter((e) => e !== patient);
    const parts = [0, 1, 2, 3].map((n) => ({ ...bundle, entry: [patient, ...rest.filter((_, i) => i % 4 === n)] }));
    const whole = await mesh.put('p-whole', bundle);
    await Promise.all(parts.map((part) => mesh.put('p-parts', part)));
    const timeline = async (id) => (await mesh.call(mesh.gateway, 'GetTimeline', { tenant: 'test', patient: id, page_size: 5000 })).facts;
    const [one, four] = [await timeline('p-whole'), await timeline('p-parts')];
    assert.equal(four.length, whole.facts);
    assert.deepEqual(four.map((f) => f.reference).sort(), one.map((f) => f.reference).sort());
  },

  async 'a caller that goes away in mid-answer frees the engine for the next'({ mesh }) {
    for (let i = 0; i < 20; i++) {
      await mesh.ask('p1', SAMPLE_QUESTION, { onEvent: (event, call) => { if (event.event === 'started') call.cancel(); } }).catch(() => {});
    }
    await mesh.ask('p1', SAMPLE_QUESTION);
    const text = await (await fetch(`${mesh.admin('inference')}/metrics`)).text();
    assert.match(text, /rpc_server_in_flight\{method="Inference\.Generate"\} 0/);
  },

  async 'SIGTERM drains: a question that runs is answered, then every process ends well'({ mesh }) {
    let stopped;
    const answer = await mesh.ask('p1', SAMPLE_QUESTION, { onEvent: (event) => { if (event.event === 'started') stopped ??= mesh.run('down'); } });
    assert.ok(answer.done);
    assert.equal((await stopped).status, 0);
    for (const service of [...LEAVES, 'gateway']) {
      assert.match(fs.readFileSync(mesh.log(service), 'utf8').trim().split('\n').at(-1), /event=stopped/, service);
    }
  },
});

module.exports = {
  async before(world) {
    world.mesh = await Mesh.create();
    await world.mesh.up();
    await world.mesh.put('p1', sample());
  },
  async after(world) { await world.mesh?.down(); },
  tests,
};

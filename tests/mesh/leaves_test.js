// The caller's deadline, cancellation and trace reach every leaf. Recorders stand before all four, and one step of one call can be made to hang.
'use strict';
const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { Mesh, sample, SAMPLE_QUESTION, grpc } = require('./mesh');
const { record } = require('./recorder');

const STEPS = ['Redact', 'Recall', 'Assemble', 'ApplyTemplate', 'Generate', 'Restore', 'Decode']; // of a question, in order
// By leaf: what callers ask for, and the step of it that hangs.
const HANGS = {
  deid: [['Ask', 'Redact'], ['Ask', 'Restore'], ['PutRecord', 'Redact'], ['GetTimeline', 'Restore']],
  context: [['Ask', 'Recall'], ['Ask', 'Assemble'], ['PutRecord', 'Put'], ['GetTimeline', 'Timeline'], ['Forget', 'Forget']],
  tokenizer: [['Ask', 'ApplyTemplate'], ['Ask', 'Decode']],
  inference: [['Ask', 'Generate']],
};
const SEEN_MS = 1000; // within which a leaf has to be told of an end
const GRACE_MS = 1000; // of this machine and of gRPC's rounded timeouts, not of the mesh
const CALLERS_SPAN = '00f067aa0ba902b7';

const newTrace = () => randomBytes(16).toString('hex');
const traceOf = (noted) => noted.traceparent?.split('-')[1];

async function until(what, ms, test) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 5))) {
    const found = test();
    if (found) return found;
  }
  throw new assert.AssertionError({ message: `not within ${ms} ms: ${what}` });
}

// A call of @method under a trace of its own (null: the caller sends none), whose @hang (of what a recorder notes) hangs.
function begin(world, method, request, { ms = 60000, trace = newTrace(), hang } = {}) {
  const metadata = new grpc.Metadata();
  if (trace) metadata.set('traceparent', `00-${trace}-${CALLERS_SPAN}-01`);
  if (hang) world.hangs.set(trace, hang);
  const began = Date.now();
  const { requestStream, responseStream } = world.mesh.gateway[method];
  const words = [metadata, { deadline: began + ms }, ...(responseStream ? [] : [() => {}])];
  const call = requestStream ? world.mesh.gateway[method](...words) : world.mesh.gateway[method]({ tenant: 'test', ...request }, ...words);
  if (requestStream) call.end({ tenant: 'test', ...request, chunk: sample() });
  const events = [];
  call.on('error', () => {}).on('data', (event) => events.push(event));
  const ended = new Promise((resolve) => { call.on('status', ({ code }) => resolve({ code, ms: Date.now() - began, events })); });
  return { call, ended, deadline: began + ms, seen: () => world.seen.filter((noted) => traceOf(noted) === trace), trace };
}

const REQUESTS = { Ask: { patient: 'p1', question: SAMPLE_QUESTION }, PutRecord: { patient: 'p1' }, GetTimeline: { patient: 'p1' }, Forget: { patient: 'p1' } };
const ask = (world, options) => begin(world, 'Ask', REQUESTS.Ask, options);
const beginHanging = (world, [method, step], options) => begin(world, method, REQUESTS[method], { ...options, hang: (noted) => noted.method === step });

// Every leaf has answered what this call asked of it, or has been told of the end: when, of @step.
async function toldOfEnd(begun, step) {
  await until(`all leaves know that the call of ${step} is over`, SEEN_MS, () => begun.seen().every((noted) => noted.answered || noted.cancelled));
  return begun.seen().find((noted) => noted.method === step).cancelled;
}

const tests = {
  async 'a deadline of 8 s: no step of the question has a later one at its leaf'(world) {
    const asked = ask(world, { ms: 8000 });
    assert.equal((await asked.ended).code, grpc.status.OK);
    assert.deepEqual([...new Set(asked.seen().map((noted) => noted.method))].sort(), [...STEPS].sort());
    for (const { method, deadline } of asked.seen()) {
      assert.ok(deadline <= asked.deadline + GRACE_MS, `${method}: ${deadline - asked.deadline} ms after the caller's`);
      assert.ok(deadline > asked.deadline - GRACE_MS, `${method}: ${asked.deadline - deadline} ms before the caller's`);
    }
  },
};

for (const [service, cases] of Object.entries(HANGS)) {
  const names = cases.map((words) => words.join(' in ')).join(', ');
  tests[`${service} hangs (${names}) and the caller cancels: the leaf sees a cancelled call within a second`] = (world) => Promise.all(cases.map(async (one) => {
    const begun = beginHanging(world, one);
    const { deadline } = await until(`${one} arrives`, 5000, () => begun.seen().find((noted) => noted.method === one[1]));
    const at = Date.now();
    begun.call.cancel();
    assert.ok(await toldOfEnd(begun, one[1]) < Math.min(at + SEEN_MS, deadline), `${one}: it was told too late`);
    assert.equal((await begun.ended).code, grpc.status.CANCELLED, `${one}`);
  }));
  tests[`${service} hangs (${names}): with a deadline of 1 s DEADLINE_EXCEEDED comes in time, the leaf sees the end`] = (world) => Promise.all(cases.map(async (one) => {
    const begun = beginHanging(world, one, { ms: 1000 });
    const { code, ms } = await begun.ended;
    assert.equal(code, grpc.status.DEADLINE_EXCEEDED, `${one}`);
    assert.ok(ms < 1000 + GRACE_MS, `${one}: it took ${ms} ms`);
    assert.ok(await toldOfEnd(begun, one[1]), `${one}: the leaf was never asked`);
  }));
}

Object.assign(tests, {
  async 'the trace id of the caller is at every leaf, under spans that are not the caller\'s'(world) {
    const asked = ask(world);
    const { events } = await asked.ended;
    assert.deepEqual([...new Set(asked.seen().map((noted) => noted.service))].sort(), Object.keys(HANGS).sort());
    for (const { method, traceparent } of asked.seen()) {
      assert.match(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/, method);
      assert.notEqual(traceparent.split('-')[2], CALLERS_SPAN, method);
    }
    assert.equal(events.find((event) => event.event === 'started').started.trace_id, asked.trace);
  },

  async 'a caller that sends no trace has a new one each time, the same at every leaf'(world) {
    const ids = [];
    for (let i = 0; i < 2; i++) {
      const first = world.seen.length;
      const { events } = await ask(world, { trace: null }).ended;
      ids.push(events.find((event) => event.event === 'started').started.trace_id);
      const seen = world.seen.slice(first).filter((noted) => STEPS.includes(noted.method));
      assert.equal(new Set(seen.map((noted) => noted.service)).size, Object.keys(HANGS).length);
      assert.ok(seen.every((noted) => traceOf(noted) === ids[i]), 'a leaf has another trace id');
    }
    assert.match(ids[0], /^(?!0{32})[0-9a-f]{32}$/);
    assert.notEqual(ids[0], ids[1]);
  },

  async 'AskMany with answers_min=1 and one patient hanging ends OK, and the leaf sees the other cancelled'(world) {
    let hung; // the first of the two to come so far
    const hang = (noted) => noted.method === 'AssembleMany' && (hung ??= noted) === noted;
    const asked = begin(world, 'AskMany', { patients: ['p1', 'p2'], answers_min: 1, question: SAMPLE_QUESTION }, { hang });
    const { code, ms, events } = await asked.ended;
    assert.ok(code === grpc.status.OK && ms < 5000, `status ${code} after ${ms} ms: it waits for the one that hangs`);
    assert.equal(events.filter((event) => event.answer?.event === 'done').length, 1);
    assert.ok(events.every((event) => event.event === 'answer'), 'what was cancelled is told as a failure');
    await until('the other is cancelled', SEEN_MS, () => hung.cancelled);
    assert.equal(asked.seen().filter((noted) => noted.cancelled).length, 1);
  },

  async 'afterwards nothing of all that is in flight, and the next question is answered'(world) {
    assert.equal((await ask(world).ended).code, grpc.status.OK);
    const text = await (await fetch(`${world.mesh.admin('gateway')}/metrics`)).text();
    assert.match(text, /rpc_server_in_flight\{method="Gateway\.Ask"\} 0\n/);
    assert.doesNotMatch(text, /rpc_server_in_flight\{method="Gateway[^}]*\} [^0]/);
  },
});

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    Object.assign(world, { seen: [], hangs: new Map() });
    const hangs = (noted) => world.hangs.get(traceOf(noted))?.(noted) ?? false;
    world.recorders = await Promise.all(['Deid', 'Context', 'Tokenizer', 'Inference'].map((name) => record(mesh, name, world.seen, hangs)));
    mesh.env.MESH_FLAGS_gateway = world.recorders.map((r) => r.flag).join(' ');
    await mesh.up();
    await Promise.all(['p1', 'p2'].map((patient) => mesh.put(patient, sample())));
  },
  async after(world) {
    for (const one of world.recorders ?? []) one.stop();
    await world.mesh?.down();
  },
  tests,
};

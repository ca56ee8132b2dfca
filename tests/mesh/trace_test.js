// Traces over OTLP/gRPC.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const { Collector } = require('./collector');
const { Mesh } = require('./mesh');

const SERVICES = ['gateway', 'deid', 'context', 'tokenizer', 'inference'];
const SAMPLE = path.join(__dirname, '../../tools/consilium/sample/sample-patient.json');
const SERVER = 2;

function ask(world, traceparent) {
  const metadata = new grpc.Metadata();
  metadata.set('traceparent', traceparent);
  return new Promise((resolve, reject) => {
    const stream = world.mesh.gateway.Ask({ patient: 'trace-patient', question: 'Is the patient allergic to anything?', tokens_max: 8 }, metadata);
    stream.on('data', () => {});
    stream.on('error', reject);
    stream.on('end', resolve);
  });
}

exports.before = async (world) => {
  world.collector = new Collector();
  world.port = await world.collector.start();
  const flags = Object.fromEntries(SERVICES.map((name) => [`MESH_FLAGS_${name}`, `--trace-target=127.0.0.1:${world.port}`]));
  world.mesh = await Mesh.create(flags);
  await world.mesh.up();
  const { status, stderr } = await world.mesh.consilium('put', '--patient=trace-patient', SAMPLE);
  assert.strictEqual(status, 0, stderr);
};
exports.after = async (world) => {
  await world.mesh?.down();
  world.collector?.server.forceShutdown();
};

exports.tests = {
  async 'one question is one trace through every service and the steps of the engine'(world) {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    await ask(world, `00-${trace}-b7ad6b7169203331-01`);
    const spans = await world.collector.trace(trace, (found) => new Set(found.map((span) => span.service)).size === 5 && found.some((span) => span.name === 'generate')
      && found.some((span) => span.name === 'Gateway.Ask'));
    const named = (name) => spans.find((span) => span.name === name);
    const question = named('Gateway.Ask');
    assert.strictEqual(question.parent, 'b7ad6b7169203331');
    assert.strictEqual(question.kind, SERVER);
    for (const name of ['Deid.Redact', 'Context.Recall', 'Context.Assemble', 'Inference.Generate']) {
      assert.strictEqual(named(name)?.parent, question.id, name);
    }
    for (const step of ['queue', 'prompt', 'generate']) assert.strictEqual(named(step)?.parent, named('Inference.Generate').id, step);
    assert.strictEqual(new Set(spans.map((span) => span.id)).size, spans.length);
    for (const span of spans) assert.ok(span.start <= span.end && span.start > 1_600_000_000n * 1_000_000_000n, span.name);
  },

  async 'a call that failed is an error in its trace'(world) {
    const trace = '1af7651916cd43dd8448eb211c80319c';
    const metadata = new grpc.Metadata();
    metadata.set('traceparent', `00-${trace}-b7ad6b7169203331-01`);
    await new Promise((resolve) => world.mesh.gateway.GetTimeline({ patient: 'nobody' }, metadata, resolve));
    const spans = await world.collector.trace(trace, (found) => found.some((span) => span.name === 'Gateway.GetTimeline'));
    assert.strictEqual(spans.find((span) => span.name === 'Gateway.GetTimeline').code, 2);
  },

  async 'a question by HTTP is a trace too'(world) {
    const trace = '2af7651916cd43dd8448eb211c80319c';
    const reply = await fetch(`${world.mesh.http}/v1/chat/completions`, { method: 'POST', headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` },
      body: JSON.stringify({ model: 'consilium-demo', patient: 'trace-patient', max_tokens: 4, messages: [{ role: 'user', content: 'Is the patient allergic to anything?' }] }) });
    assert.strictEqual(reply.status, 200);
    const spans = await world.collector.trace(trace, (found) => found.some((span) => span.name === 'Gateway.Ask') && found.some((span) => span.name === 'Inference.Generate'));
    assert.strictEqual(spans.find((span) => span.name === 'Inference.Generate').parent, spans.find((span) => span.name === 'Gateway.Ask').id);
  },

  async 'a trace that its caller does not sample is not sent, nor are probes'(world) {
    const trace = '3af7651916cd43dd8448eb211c80319c';
    const later = '4af7651916cd43dd8448eb211c80319c';
    await ask(world, `00-${trace}-b7ad6b7169203331-00`);
    await world.mesh.healthy();
    await ask(world, `00-${later}-b7ad6b7169203331-01`);
    await world.collector.trace(later, (found) => new Set(found.map((span) => span.service)).size === 5);
    assert.deepStrictEqual(world.collector.spans.filter((span) => span.trace === trace), []);
    assert.deepStrictEqual(world.collector.spans.filter((span) => /Health|Reflection/.test(span.name)), []);
  },

  async 'no trace holds a word of the record or the question'(world) {
    const sent = Buffer.concat(world.collector.bytes).toString('latin1');
    const { entry } = JSON.parse(fs.readFileSync(SAMPLE, 'utf8'));
    const [{ resource }] = entry.filter((one) => one.resource.resourceType === 'Patient');
    assert.ok(sent.includes('Gateway.Ask'));
    for (const word of ['trace-patient', 'allergic', 'enicillin', resource.id, resource.name[0].family, ...resource.name[0].given]) assert.ok(!sent.includes(word));
  },

  async 'a collector that is away costs no call; what it misses is counted, and what is left at the end is sent'(world) {
    world.collector.server.forceShutdown();
    await ask(world, '00-5af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    const dropped = async () => Number(/^trace_spans_dropped_total (\d+)$/m.exec(await (await fetch(`${world.mesh.admin('deid')}/metrics`)).text())?.[1] ?? 0);
    for (const end = Date.now() + 30000; await dropped() === 0;) {
      assert.ok(Date.now() < end, 'nothing is counted as dropped');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await world.collector.start(world.port);
    // Until deid has found it again: what is sent before that is lost, and counted.
    for (let n = 10, isBack = false; !isBack; n++) {
      assert.ok(n < 40, 'deid does not find the collector again');
      const id = `${n}f7651916cd43dd8448eb211c80319cc`.padEnd(32, '0').slice(0, 32);
      await ask(world, `00-${id}-b7ad6b7169203331-01`);
      isBack = await world.collector.trace(id, (found) => found.some((span) => span.service === 'deid'), 3000).then(() => true, () => false);
    }
    const last = '6af7651916cd43dd8448eb211c80319c';
    await ask(world, `00-${last}-b7ad6b7169203331-01`);
    world.mesh.signal('deid', 'SIGTERM');
    await world.collector.trace(last, (found) => found.some((span) => span.service === 'deid'));
  },
};
